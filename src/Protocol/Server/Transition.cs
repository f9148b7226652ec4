using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Server;

/// <summary>What a session does after an input: it sends the reply, if any, then carries out the effect, if any.</summary>
/// <param name="Next">Where the session stands now.</param>
/// <param name="Reply">To be sent before the effect.</param>
/// <param name="Effect">To be carried out; its outcome is the next input, before any command.</param>
public readonly record struct Transition(SessionState Next, Reply? Reply, Effect? Effect = null)
{
    /// <summary>Stands at the end of the reply's line: the name of the message that was queued.</summary>
    public string? QueueId { get; init; }
}
