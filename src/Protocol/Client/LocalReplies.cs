using System.Globalization;
using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Client;

/// <summary>The replies that a client gives itself where it does not ask the peer.</summary>
public static class LocalReplies
{
    /// <summary>RFC 6531 section 3.5: a message that needs SMTPUTF8 never goes to a host without it.</summary>
    public static Reply Utf8NotOffered { get; } = new(550, new(5, 6, 7), "the message needs SMTPUTF8, which the next host does not offer");

    /// <summary>RFC 6152 section 3: 8-bit content never goes to a host without 8BITMIME, and not everything can be converted.</summary>
    public static Reply CannotConvert(string reason) => new(554, new(5, 6, 3), $"the next host takes only 7-bit content, and this message cannot be converted: {reason}");

    /// <summary>An address that would end the command line. None comes through our own parser.</summary>
    public static Reply BadAddress { get; } = new(553, new(5, 1, 3), "the address holds a control character");

    /// <summary>The spooled message cannot be read.</summary>
    public static Reply Unreadable { get; } = new(451, new(4, 3, 0), "the queued message cannot be read");

    /// <summary>RFC 1870 section 6.1 (5).</summary>
    public static Reply TooLargeForHost(long size, long limit) =>
        new(552, new(5, 3, 4), string.Create(CultureInfo.InvariantCulture, $"the message has {size} octets, the next host takes {limit}"));
}
