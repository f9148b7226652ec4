namespace MailCluster.Protocol.Content;

/// <summary>What content may be.</summary>
/// <param name="Size">Octets of content, dot-stuffing undone, at most.</param>
/// <param name="LineLength">Octets of a line without CRLF, at most.</param>
/// <param name="ReceivedFields">Received fields at most; one more is a loop.</param>
/// <param name="BareNewlines">What happens to CR without LF and LF without CR.</param>
public sealed record ContentLimits(long Size, int LineLength, int ReceivedFields, BareNewlines BareNewlines);
