using Metrics.Web.Alerts;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Routing;

namespace Metrics.Web;

internal static class PageServices
{
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddSingleton<SampleRate>();
        // A form that was open over a restart is sent once more: nothing needs keys that outlive the process.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRazorComponents();
        services.AddAntiforgery(forms =>
        {
            forms.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            // Ours says DENY.
            forms.SuppressXFrameOptionsHeader = true;
        });
        // A cookie of a process before this one is no error; the form says so.
        return services.AddLogging(log => log.AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Critical));
    }

    /// <summary>Every page names its role itself: those with a route of their own by <see cref="Access.ForAttribute"/>.</summary>
    public static void MapPages(this WebApplication app)
    {
        app.MapRazorComponents<App>().Add(OnlyRead);
        app.MapAlertPages();
        app.MapStyleSheet();
    }

    /// <summary>Such a page takes POST too, and looks at the form; none of them has one.</summary>
    private static void OnlyRead(EndpointBuilder page)
    {
        foreach (HttpMethodMetadata methods in page.Metadata.OfType<HttpMethodMetadata>().ToList())
            page.Metadata.Remove(methods);
        page.Metadata.Add(new HttpMethodMetadata(["GET"]));
    }
}
