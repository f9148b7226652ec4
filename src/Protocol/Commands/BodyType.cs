namespace MailCluster.Protocol.Commands;

/// <summary>The BODY parameter of MAIL (RFC 6152).</summary>
public enum BodyType : byte
{
    /// <summary>Not given, or <c>7BIT</c>.</summary>
    SevenBit,
    /// <summary><c>8BITMIME</c>.</summary>
    EightBitMime,
}
