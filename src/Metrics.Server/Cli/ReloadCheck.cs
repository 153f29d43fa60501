using System.Net.Http.Json;
using Metrics.Hosting;

namespace Metrics.Cli;

/// <summary>Asks the running daemon what a reload of a configuration would do.</summary>
internal static class ReloadCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>Prints what would happen, or why nobody knows. The configuration is valid all the same.</summary>
    /// <param name="options">The configuration that is not in force.</param>
    /// <param name="url">Where the daemon answers; null is where the configuration lets it listen.</param>
    public static async Task PrintAsync(MetricsOptions options, string? url)
    {
        string daemon = url?.TrimEnd('/') ?? $"http://{options.Listen}";
        using var http = new HttpClient { Timeout = s_patience };
        using var request = new HttpRequestMessage(HttpMethod.Post, daemon + ReloadPreview.Path);
        request.Content = JsonContent.Create(options.Sections, options: ReloadPreview.Json);
        // With a length: the daemon takes no body of which it does not know how large it is.
        await request.Content.LoadIntoBufferAsync();
        if (options.Auth.Tokens.MaxBy(t => t.Role) is { } token)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Token.Reveal()}");
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request);
            if (!response.IsSuccessStatusCode)
            {
                Console.WriteLine($"metricsd at {daemon} does not say what a reload would do: HTTP status {(int)response.StatusCode}.");
                return;
            }
            List<string> lines = [.. (await response.Content.ReadFromJsonAsync<ReloadEffect>(ReloadPreview.Json))!.Lines()];
            lines.ForEach(Console.WriteLine);
            if (lines.Count == 0)
                Console.WriteLine("A reload would restart nothing.");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            Console.WriteLine($"No daemon answers at {daemon}; what a reload would restart is not known.");
        }
    }
}
