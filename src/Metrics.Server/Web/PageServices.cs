using Microsoft.AspNetCore.DataProtection;

namespace Metrics.Web;

internal static class PageServices
{
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddSingleton<SampleRate>();
        // The pages hold no forms: nothing needs keys that outlive the process.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRazorComponents();
        return services;
    }

    public static void MapPages(this WebApplication app) => app.MapRazorComponents<App>();
}
