using System.Collections.Immutable;

namespace MailCluster.Protocol.Replies;

/// <summary>A reply, ours or a peer's: code, enhanced status code where there is one, and the lines of text without either (RFC 5321 section 4.2).</summary>
/// <param name="Code">200 to 599.</param>
/// <param name="Status">The enhanced status code of the first line; <c>default</c> where there is none.</param>
/// <param name="Lines">At least one line, without CRLF.</param>
public sealed record Reply(int Code, EnhancedStatusCode Status, ImmutableArray<string> Lines)
{
    /// <summary>A reply of one line.</summary>
    public Reply(int code, EnhancedStatusCode status, string text) : this(code, status, [text]) { }

    /// <summary>2xx.</summary>
    public bool IsPositive => Code is >= 200 and < 300;

    /// <summary>4xx: the same request may succeed later.</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>5xx.</summary>
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <summary>Code, enhanced code and text in one line, for logs and Diagnostic-Code.</summary>
    public override string ToString() => Status.IsPresent ? $"{Code} {Status} {string.Join(' ', Lines)}" : $"{Code} {string.Join(' ', Lines)}";
}
