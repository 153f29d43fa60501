using Metrics.Receivers.Push;

namespace Metrics.Receivers;

internal static class ReceiverServices
{
    public static IServiceCollection AddReceivers(this IServiceCollection services) => services.AddSingleton<LineProtocolReceiver>();
}
