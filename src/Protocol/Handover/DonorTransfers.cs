using MailCluster.Protocol.Replies;

namespace MailCluster.Protocol.Handover;

/// <summary>
/// The donor's end of one connection: which replies are awaited, in their order, and what they mean for the messages that were sent. A message for which there is no verdict when the connection ends
/// is one that the receiver must be asked about.
/// </summary>
/// <remarks>
/// <code>
/// Begin ─► MAIL ─250─► state ─250─► content ─250─► Taken
///            ├─251──────────────────────────────► Taken        (its chunks, where they were sent, are still answered)
///            └─4xx, 5xx ──── state, content ────► Deferred, Refused
/// </code>
/// </remarks>
public sealed class DonorTransfers
{
    private enum Part : byte { Mail, State, Content }

    private sealed class Transfer(string id)
    {
        public string Id { get; } = id;
        public bool HasVerdict { get; set; }
        public bool MayFollow { get; set; }
    }

    private readonly Queue<(Transfer Transfer, Part Part)> _awaited = new();
    private readonly Dictionary<string, Transfer> _open = new(StringComparer.Ordinal);

    /// <summary>Replies that have not come.</summary>
    public int Awaited => _awaited.Count;

    /// <summary>Messages that were begun and have no verdict.</summary>
    public IReadOnlyCollection<string> Open => _open.Keys;

    /// <summary>MAIL and the chunk with the state are being sent.</summary>
    public void Begin(string id)
    {
        var transfer = new Transfer(id);
        _open.Add(id, transfer);
        _awaited.Enqueue((transfer, Part.Mail));
        _awaited.Enqueue((transfer, Part.State));
    }

    /// <summary>True where MAIL and state were accepted, so that the content of a message that waits for this may follow.</summary>
    public bool MayFollow(string id) => _open.TryGetValue(id, out var transfer) && transfer.MayFollow;

    /// <summary>The chunk with the content is being sent: behind <see cref="Begin"/> at once, or after <see cref="MayFollow"/>.</summary>
    public void Follow(string id) => _awaited.Enqueue((_open[id], Part.Content));

    /// <summary>A reply has come.</summary>
    /// <param name="reply">It.</param>
    /// <param name="verdict">What it decides; default where nothing is decided by it.</param>
    /// <returns>False where the connection is over: a reply that nothing asked for, or one that the receiver hangs up after. What is still <see cref="Open"/> must be asked about.</returns>
    public bool On(Reply reply, out DonorVerdict verdict)
    {
        ArgumentNullException.ThrowIfNull(reply);
        verdict = default;
        if (!_awaited.TryDequeue(out var awaited) || reply.Code == ReplyCode.NotAvailable)
        {
            return false;
        }
        var (transfer, part) = awaited;
        if (transfer.HasVerdict)
        {
            return true;
        }
        switch (part, reply.Code)
        {
            case (Part.Mail, ReplyCode.Ok):
                return true;
            case (Part.State, ReplyCode.Ok):
                transfer.MayFollow = true;
                return true;
            case (Part.Mail, HandoverReplies.HadCode) or (Part.Content, ReplyCode.Ok):
                verdict = new(transfer.Id, DonorVerdictKind.Taken, null);
                break;
            default:
                if (!reply.IsTransient && !reply.IsPermanent)
                {
                    return false;
                }
                verdict = new(transfer.Id, reply.IsTransient ? DonorVerdictKind.Deferred : DonorVerdictKind.Refused, reply);
                break;
        }
        transfer.HasVerdict = true;
        _open.Remove(transfer.Id);
        return true;
    }
}
