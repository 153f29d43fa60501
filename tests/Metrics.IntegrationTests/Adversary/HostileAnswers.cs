using static Metrics.IntegrationTests.Adversary.HostileInflux;

namespace Metrics.IntegrationTests.Adversary;

/// <summary>What no InfluxDB answers, by name.</summary>
internal static class HostileAnswers
{
    private const string Html = "<html><body>Welcome to the guest network</body></html>";

    public static readonly IReadOnlyDictionary<string, Answer> All = new Dictionary<string, Answer>
    {
        ["a web page"] = Body(200, "text/html", Html),
        ["a page of plain text"] = Body(200, "text/plain", Html),
        ["a list"] = JsonAsync("[1,2,3]"),
        ["a number"] = JsonAsync("1e999"),
        ["no results"] = JsonAsync("{}"),
        ["results that are none"] = JsonAsync("{\"results\":5}"),
        ["results of another kind"] = JsonAsync("{\"results\":[7,null,[]]}"),
        ["series of another kind"] = JsonAsync("{\"results\":[{\"series\":{\"a\":1}}]}"),
        ["series without parts"] = JsonAsync("{\"results\":[{\"series\":[{}]}]}"),
        ["rows that are short"] = JsonAsync(Series("[[],[1]]")),
        ["rows of another kind"] = JsonAsync(Series("[7,[{},{}],[\"x\",\"y\"]]")),
        ["numbers that do not fit"] = JsonAsync(Series("[[99999999999999999999,1],[1e300,1],[1,1e999],[-9223372036854775808,1]]")),
        ["half a surrogate pair"] = JsonAsync("{\"error\":\"\\ud800\"}"),
        ["an error of another kind"] = JsonAsync("{\"error\":{\"a\":[1]}}"),
        ["deep"] = JsonAsync(new string('[', 100_000)),
        ["not JSON"] = JsonAsync("{\"results\":[{"),
        ["nothing"] = JsonAsync(""),
        ["a bad gzip"] = Body(200, "application/json", "not a gzip", "Content-Encoding: gzip\r\n"),
        ["an endless line"] = Endless("x"),
        ["endless JSON without a sample"] = Endless(Series("[]") + "\n"),
        ["endless empty lines"] = Endless("\n\n\n"),
        ["one byte at a time"] = Trickle,
        ["silence"] = Silent,
        ["a cut before the answer"] = Raw(""),
        ["a cut in the headers"] = Raw("HTTP/1.1 200 OK\r\nContent-Le"),
        ["a cut in the body"] = Raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"results\":["),
        ["no HTTP"] = Raw("SSH-2.0-OpenSSH_9.2p1\r\n"),
        ["headers without end"] = Raw($"HTTP/1.1 200 OK\r\nX-A: {new string('a', 600_000)}\r\n\r\n"),
        ["a status that is none"] = Body(999, "text/plain", "x"),
        ["HTTP 500"] = Body(500, "text/plain", "x"),
    };

    /// <summary>What a daemon may meet when it starts; the others are read by the same code.</summary>
    public static readonly string[] AtStart =
        ["a web page", "numbers that do not fit", "endless JSON without a sample", "silence"];

    /// <summary>Answers to writes that say nothing of the lines, so that these are kept and sent later.</summary>
    public static readonly IReadOnlyDictionary<string, Answer> Refusals = new Dictionary<string, Answer>(All.Where(a => a.Key
        is "a web page" or "a page of plain text" or "half a surrogate pair" or "an error of another kind" or "a bad gzip"
        or "one byte at a time" or "silence" or "a cut before the answer" or "a cut in the headers" or "a cut in the body" or "no HTTP"
        or "headers without end" or "a status that is none" or "HTTP 500"))
    {
        ["a cut in the body of an error"] = Raw("HTTP/1.1 400 X\r\nContent-Length: 1000\r\n\r\n{\"error\":"),
        ["a page with 400"] = Body(400, "text/html", Html),
        ["a page with 422"] = Body(422, "text/html", Html),
        ["422 without a word of lines"] = Body(422, "application/json", "{\"a\":1}"),
        ["a teapot"] = Body(418, "text/plain", "short and stout"),
        ["no rights, oddly said"] = Body(401, "application/json", "{\"error\":[]}"),
        ["a number that does not fit"] = Body(500, "application/json", "{\"error\":\"dropped=99999999999999999999\"}"),
        ["Retry-After of an age"] = Body(503, "text/plain", "x", "Retry-After: 99999999999\r\n"),
    };

    private static string Series(string values) =>
        $"{{\"results\":[{{\"series\":[{{\"name\":\"hostile_v\",\"columns\":[\"time\",\"hostile_v\"],\"values\":{values}}}]}}]}}";
}
