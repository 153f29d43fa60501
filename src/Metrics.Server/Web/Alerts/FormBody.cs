namespace Metrics.Web.Alerts;

/// <summary>What a form of ours sends.</summary>
internal static class FormBody
{
    /// <summary>Reads it; null when the body is no form, or one that cannot be read.</summary>
    public static async Task<IFormCollection?> TryReadAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return null;
        try
        {
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
