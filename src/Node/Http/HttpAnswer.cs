namespace MailCluster.Node.Http;

/// <summary>What is answered.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Text">The body.</param>
/// <param name="ContentType">Its type.</param>
internal sealed record HttpAnswer(int Status, string Text, string ContentType = "text/plain; charset=utf-8")
{
    /// <summary>200 with lines of text.</summary>
    public static HttpAnswer Lines(IEnumerable<string> lines) => new(StatusCodes.Status200OK, string.Concat(lines.Select(line => line + "\n")));

    /// <summary>There is no such thing.</summary>
    public static HttpAnswer NothingHere { get; } = new(StatusCodes.Status404NotFound, "nothing here\n");
}
