using System.Text;

namespace MailCluster.Protocol.Addressing;

/// <summary>What RCPT carries: one recipient's address.</summary>
/// <param name="Address">Without angle brackets and source route, local part exactly as it came; the domain as it came too. <c>postmaster</c> alone has no domain.</param>
/// <param name="Domain">The domain in normal form; <c>default</c> for <c>&lt;postmaster&gt;</c> until the session gives it the host's own name (RFC 5321 section 4.1.1.3).</param>
public readonly record struct ForwardPath(string Address, DomainName Domain)
{
    /// <summary>True where it is not ASCII: it may only be given, and passed on, with SMTPUTF8 (RFC 6531 section 3.4).</summary>
    public bool NeedsSmtpUtf8 => Address is not null && !Ascii.IsValid(Address);

    /// <inheritdoc/>
    public override string ToString() => $"<{Address}>";
}
