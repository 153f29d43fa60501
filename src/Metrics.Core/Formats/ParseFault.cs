namespace Metrics.Formats;

/// <summary>Why bytes from outside were refused, and where.</summary>
/// <param name="Reason">What was expected or is wrong, in a few words without the input itself.</param>
/// <param name="Offset">Bytes from the start of what was given to the parser.</param>
public readonly record struct ParseFault(string Reason, int Offset)
{
    /// <inheritdoc />
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Reason} at column {Offset + 1}");
}
