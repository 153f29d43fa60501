namespace Metrics.Access;

/// <summary>What a form sends.</summary>
internal static class RequestForm
{
    /// <summary>Reads it; null when the body is no form.</summary>
    /// <exception cref="BadHttpRequestException">It is one that cannot be read, or holds NUL, which not every database takes.</exception>
    public static async Task<IFormCollection?> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return null;
        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception e) when (IsOfTheForm(e))
        {
            throw new BadHttpRequestException($"the form cannot be read: {e.Message}", StatusCodes.Status400BadRequest, e);
        }
        return form.Any(field => field.Value.Any(v => v?.Contains('\0', StringComparison.Ordinal) == true))
            ? throw new BadHttpRequestException("the form holds NUL", StatusCodes.Status400BadRequest)
            : form;
    }

    /// <summary>One that ends too early, is over a bound, or has an unknown charset. What the server says itself says more.</summary>
    private static bool IsOfTheForm(Exception e) =>
        e is InvalidDataException or NotSupportedException or ArgumentException || (e is IOException and not BadHttpRequestException);
}
