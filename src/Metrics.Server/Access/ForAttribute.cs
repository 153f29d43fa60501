using Microsoft.AspNetCore.Authorization;

namespace Metrics.Access;

/// <summary>
/// Says on a page who may see it; on a route <see cref="RouteRights.For"/> says it. What says neither this nor
/// <see cref="RouteRights.Anyone"/> is for nobody.
/// </summary>
/// <param name="role">The role that is needed.</param>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ForAttribute(Role role) : AuthorizeAttribute(role.Name())
{
    /// <summary>The role that is needed.</summary>
    public Role Role => role;
}

/// <summary>Rights, said where a route is mapped.</summary>
internal static class RouteRights
{
    /// <summary>Only those with a role that includes this one may use the route.</summary>
    public static TRoute For<TRoute>(this TRoute route, Role role)
        where TRoute : IEndpointConventionBuilder => route.RequireAuthorization(new ForAttribute(role));

    /// <summary>Everybody may use the route, also without a token: signs of life, and what is signed itself.</summary>
    public static TRoute Anyone<TRoute>(this TRoute route)
        where TRoute : IEndpointConventionBuilder => route.AllowAnonymous();
}
