using System.Text;
using MailCluster.Protocol.Addressing;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Content;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

/// <summary>Whether and how a message can go to a host, decided from what the message needs and the host offers, before anything is sent.</summary>
/// <param name="Refusal">Our own reply where it cannot go there; null where it can.</param>
/// <param name="Transfer">How the content goes.</param>
/// <param name="NeedsConversion">True where the body must become 7-bit first (RFC 6152 section 3).</param>
/// <param name="SmtpUtf8">MAIL carries SMTPUTF8.</param>
/// <param name="EightBit">MAIL carries BODY=8BITMIME.</param>
public readonly record struct HandOver(Reply? Refusal, ContentTransfer Transfer, bool NeedsConversion, bool SmtpUtf8, bool EightBit)
{
    /// <summary>Content from this size on goes as one BDAT chunk where the host offers it: nothing to stuff, no end to look for.</summary>
    public const long LargeContent = 256 << 10;

    /// <summary>Decides.</summary>
    /// <param name="offered">What the host offers.</param>
    /// <param name="reversePath">The reverse-path.</param>
    /// <param name="parameters">The parameters that the message came with.</param>
    /// <param name="hasUtf8Recipient">Whether a forward-path is not ASCII.</param>
    /// <param name="traits">What the content is like.</param>
    /// <param name="size">Octets of content.</param>
    public static HandOver Decide(Extensions offered, ReversePath reversePath, MailParameters parameters, bool hasUtf8Recipient, ContentTraits traits, long size)
    {
        if (offered.SizeLimit > 0 && size > offered.SizeLimit)
        {
            return new() { Refusal = LocalReplies.TooLargeForHost(size, offered.SizeLimit) };
        }
        var utf8 = parameters.SmtpUtf8 || hasUtf8Recipient || (traits & ContentTraits.EightBitHeader) != 0 || !Ascii.IsValid(reversePath.Address);
        if (utf8 && !offered.SmtpUtf8)
        {
            return new() { Refusal = LocalReplies.Utf8NotOffered };
        }
        var eightBit = (traits & (ContentTraits.EightBitBody | ContentTraits.EightBitHeader)) != 0;
        var converts = eightBit && !offered.EightBitMime;
        var bdat = offered.Chunking && !converts && (size >= LargeContent || (traits & (ContentTraits.HasLeadingDot | ContentTraits.LacksFinalCrlf)) != 0);
        return new(null, bdat ? ContentTransfer.Bdat : ContentTransfer.Data, converts, utf8, offered.EightBitMime && (eightBit || parameters.Body == BodyType.EightBitMime));
    }
}
