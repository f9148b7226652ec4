namespace MailCluster.Protocol.Commands;

/// <summary>The parameters of MAIL, decoded.</summary>
/// <param name="Size">SIZE in octets (RFC 1870); null where not given.</param>
/// <param name="Body">BODY (RFC 6152).</param>
/// <param name="SmtpUtf8">SMTPUTF8 (RFC 6531).</param>
/// <param name="Return">RET (RFC 3461).</param>
/// <param name="EnvelopeId">ENVID, xtext decoded (RFC 3461 section 4.4); null where not given.</param>
public sealed record MailParameters(long? Size = null, BodyType Body = BodyType.SevenBit, bool SmtpUtf8 = false, ReturnContent Return = ReturnContent.Unspecified, string? EnvelopeId = null)
{
    /// <summary>None given.</summary>
    public static MailParameters None { get; } = new();
}
