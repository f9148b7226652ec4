using System.Collections.Immutable;

namespace MailCluster.Protocol.Replies;

/// <summary>
/// A reply, ours or a peer's: code, enhanced status code where there is one, and the lines of text without either (RFC 5321 section 4.2).
/// Two replies are equal when they read the same.
/// </summary>
/// <param name="Code">200 to 599.</param>
/// <param name="Status">The enhanced status code of the first line; <c>default</c> where there is none.</param>
/// <param name="Lines">At least one line, without CRLF.</param>
public sealed record Reply(int Code, EnhancedStatusCode Status, ImmutableArray<string> Lines)
{
    private byte[]? _octets;

    /// <summary>A reply of one line.</summary>
    public Reply(int code, EnhancedStatusCode status, string text) : this(code, status, [text]) { }

    // Not the octets: a copy may differ.
    private Reply(Reply original) => (Code, Status, Lines) = (original.Code, original.Status, original.Lines);

    /// <summary>4xx: the same request may succeed later.</summary>
    public bool IsTransient => Code is >= 400 and < 500;

    /// <summary>5xx.</summary>
    public bool IsPermanent => Code is >= 500 and < 600;

    /// <summary>The reply as it goes over the wire, CRLF included; written out once and kept, since nearly all replies we send are sent again and again.</summary>
    public ReadOnlySpan<byte> Octets => _octets ??= ReplyWriter.Encode(this);

    /// <inheritdoc/>
    public bool Equals(Reply? other) => other is not null && Code == other.Code && Status == other.Status && Lines.AsSpan().SequenceEqual(other.Lines.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Code, Status, Lines.Length, Lines[0]);

    /// <summary>Code, enhanced code and text in one line, for logs and Diagnostic-Code.</summary>
    public override string ToString() => Status.IsPresent ? $"{Code} {Status} {string.Join(' ', Lines)}" : $"{Code} {string.Join(' ', Lines)}";
}
