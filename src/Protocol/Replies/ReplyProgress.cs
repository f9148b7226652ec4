namespace MailCluster.Protocol.Replies;

/// <summary>What a reader of replies found. All after <see cref="Complete"/> mean that the peer does not speak SMTP as we know it: nothing it says after that can be trusted.</summary>
public enum ReplyProgress : byte
{
    /// <summary>The reply is not there to its end yet.</summary>
    NeedMore,
    /// <summary>A whole reply.</summary>
    Complete,
    /// <summary>A line that does not begin with a reply code.</summary>
    NoReply,
    /// <summary>The lines of one reply carry different codes.</summary>
    MixedCodes,
    /// <summary>A line, or the reply, goes on past all measure.</summary>
    TooLong,
}
