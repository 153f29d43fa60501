using Metrics.Configuration;
using Metrics.Telemetry;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;

namespace Metrics.Access;

/// <summary>Rights: who asks, and whether the route that is asked for is theirs.</summary>
internal static class AccessServices
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddOwnMetrics<AccessMetrics>().AddOwnMetrics<ListenerMetrics>().AddCors()
            .AddSingleton<RequestGuard>().AddSingleton<TokenFinder>();
        services.AddAuthentication(TokenHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, TokenHandler>(TokenHandler.SchemeName, null);
        services.AddAuthorization(authorization =>
        {
            foreach (Role role in Roles.All)
                authorization.AddPolicy(role.Name(), policy => policy.RequireRole(role.Name()));
            AuthorizationPolicy nobody = new AuthorizationPolicyBuilder().RequireAssertion(IsNoRouteOfOurs).Build();
            (authorization.FallbackPolicy, authorization.DefaultPolicy) = (nobody, nobody);
        });
        // Its base class logs each answer 401 and 403; they are counted.
        return services.AddLogging(log => log.AddFilter(typeof(TokenHandler).FullName, LogLevel.Warning));
    }

    public static void UseAccess(this WebApplication app)
    {
        RequestGuard guard = app.Services.GetRequiredService<RequestGuard>();
        Current<AuthOptions> auth = app.Services.GetRequiredService<Current<AuthOptions>>();
        app.UseSecurityHeaders();
        app.UseRouting();
        app.Use((HttpContext context, RequestDelegate next) => guard.InvokeAsync(context, next));
        // A page of another site may read our answers only where it may also change things.
        app.UseCors(sites => sites.SetIsOriginAllowed(origin => auth.Value.AllowedOrigins.Contains(origin))
            .WithMethods("GET", "POST", "DELETE").WithHeaders("Authorization", "Content-Type"));
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseResponseCompression();
        app.UseAntiforgery();
    }

    /// <summary>
    /// What has no role: a route of ours that names none is for nobody. That a path is not there (404) or has not this method (405) is
    /// said to whoever has a token; without one nobody learns which paths there are.
    /// </summary>
    private static bool IsNoRouteOfOurs(AuthorizationHandlerContext context) =>
        context.User.Identity?.IsAuthenticated == true && (context.Resource as HttpContext)?.GetEndpoint() is not RouteEndpoint;
}
