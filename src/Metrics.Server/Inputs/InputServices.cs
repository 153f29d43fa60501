using Metrics.Inputs.Push;

namespace Metrics.Inputs;

internal static class InputServices
{
    public static IServiceCollection AddInputs(this IServiceCollection services) => services
        .AddSingleton<LineProtocolInput>()
        .AddSingleton<TextFieldEvents>()
        .AddSingleton<EventInput>();
}
