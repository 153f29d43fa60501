using Metrics.Inputs.Forward;
using Metrics.Inputs.Push;
using Metrics.Telemetry;

namespace Metrics.Inputs;

internal static class InputServices
{
    public static IServiceCollection AddInputs(this IServiceCollection services) => services
        .AddOwnMetrics<InputMetrics>()
        .AddOwnMetrics<PushMetrics>()
        .AddSingleton<PushLane>()
        .AddSingleton<LineProtocolInput>()
        .AddSingleton<TextFieldEvents>()
        .AddSingleton<EventPush>()
        .AddSingleton<EventInput>()
        .AddSingleton<LokiInput>()
        .AddOwnMetrics<ForwardNodeMetrics>()
        .AddSingleton<ForwardNodes>()
        .AddSingleton<ForwardInput>()
        .AddHostedService(s => s.GetRequiredService<ForwardNodes>())
        .AddSingleton<InputTools>()
        .AddSingleton<InputRunner>()
        .AddHostedService(s => s.GetRequiredService<InputRunner>());
}
