namespace Metrics.Access;

/// <summary>
/// What every answer tells browsers, whatever it holds: nothing of it runs, is put into another page or kept, and no other site learns
/// where a reader comes from.
/// </summary>
/// <remarks>https://www.w3.org/TR/CSP3/ and https://developer.mozilla.org/en-US/observatory</remarks>
internal static class SecurityHeaders
{
    /// <summary>All of them; a route that sets one itself has its own way.</summary>
    public static readonly IReadOnlyList<(string Name, string Value)> All =
    [
        ("Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        // A signed link goes to no other site; within ours a form must say where it comes from.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        // All that is shown is of this moment, and may be for this reader only.
        ("Cache-Control", "no-store"),
    ];

    public static void UseSecurityHeaders(this WebApplication app) => app.Use((HttpContext context, RequestDelegate next) =>
    {
        // Only when the answer begins: one that fails halfway is begun anew.
        context.Response.OnStarting(static response => Add((HttpResponse)response), context.Response);
        return next(context);
    });

    private static Task Add(HttpResponse response)
    {
        foreach ((string name, string value) in All)
            response.Headers.TryAdd(name, value);
        return Task.CompletedTask;
    }
}
