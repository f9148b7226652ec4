using System.Text;

namespace MailCluster.Protocol.Addressing;

/// <summary>What MAIL carries: the address that reports go to, or nothing (<c>&lt;&gt;</c>), which no report is ever sent to (RFC 5321 section 4.5.5).</summary>
/// <param name="Address">Without angle brackets and source route, local part as it came (quoted where it was quoted); empty for the null reverse-path.</param>
public readonly record struct ReversePath(string Address)
{
    /// <summary><c>&lt;&gt;</c>.</summary>
    public static ReversePath Null => new("");

    /// <summary>True for <c>&lt;&gt;</c>.</summary>
    public bool IsNull => string.IsNullOrEmpty(Address);

    /// <summary>True where it is not ASCII: it may only be given, and passed on, with SMTPUTF8 (RFC 6531 section 3.4).</summary>
    public bool NeedsSmtpUtf8 => Address is not null && !Ascii.IsValid(Address);

    /// <inheritdoc/>
    public override string ToString() => $"<{Address}>";
}
