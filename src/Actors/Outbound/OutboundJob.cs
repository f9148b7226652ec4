using MailCluster.Actors.Queue;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;
using MailCluster.Spool;

namespace MailCluster.Actors.Outbound;

/// <summary>A job in the hands of a connection: its opened entry, the recipients that no peer has spoken of yet, and what peers said of the others. Reused from job to job.</summary>
internal sealed class OutboundJob
{
    // Last first, so that the next ones are taken from, and come back to, the end.
    private readonly List<int> _open = [];
    private AttemptOutcome[] _outcomes = [];
    private int _spoken;

    /// <summary>The job.</summary>
    public DeliveryJob Job { get; private set; } = null!;

    /// <summary>Its opened entry.</summary>
    public SpooledDelivery Delivery { get; private set; } = null!;

    /// <summary>Its recipients by number.</summary>
    public EnvelopeDestination Destination => Delivery.Envelope.Destinations[Delivery.Destination];

    /// <summary>Its content made 7-bit, once a host has asked for that.</summary>
    public ConvertedContent? Converted { get; set; }

    /// <summary>Transactions that run for it.</summary>
    public int Running { get; set; }

    /// <summary>The temporary refusal of MAIL that sent it to another host: the last word, should none be left.</summary>
    public DeliveryFailure? Refusal { get; set; }

    /// <summary>Recipients that wait for a transaction.</summary>
    public int Open => _open.Count;

    /// <summary>All has been said.</summary>
    public bool IsOver => _open.Count == 0 && Running == 0;

    /// <summary>Begins with a new job.</summary>
    public void Begin(DeliveryJob job, SpooledDelivery delivery)
    {
        Job = job;
        Delivery = delivery;
        Refusal = null;
        _open.Clear();
        for (var i = delivery.Recipients.Length - 1; i >= 0; i--)
        {
            if (delivery.Recipients[i].Status == RecipientStatus.Open)
            {
                _open.Add(delivery.Recipients[i].Recipient);
            }
        }
        _outcomes = _open.Count == 0 ? [] : new AttemptOutcome[_open.Count];
        _spoken = 0;
    }

    /// <summary>Takes the next recipients for a transaction.</summary>
    public void Take(int count, List<int> recipients)
    {
        for (; count > 0 && _open.Count > 0; count--)
        {
            recipients.Add(_open[^1]);
            _open.RemoveAt(_open.Count - 1);
        }
    }

    /// <summary>Takes a recipient back that a transaction could not carry.</summary>
    public void Return(int recipient) => _open.Add(recipient);

    /// <summary>The peer has the message for it.</summary>
    public void Accept(int recipient, Reply reply, OutboundPeer peer) => _outcomes[_spoken++] = new(recipient, reply, null, peer);

    /// <summary>It was refused.</summary>
    public void Refuse(int recipient, DeliveryFailure failure, OutboundPeer peer) => _outcomes[_spoken++] = new(recipient, null, failure, peer);

    /// <summary>All that wait are refused.</summary>
    public void RefuseOpen(DeliveryFailure failure, OutboundPeer peer)
    {
        for (; _open.Count > 0; _open.RemoveAt(_open.Count - 1))
        {
            Refuse(_open[^1], failure, peer);
        }
    }

    /// <summary>What became of it.</summary>
    public JobEnded End(DeliveryFailure? failure)
    {
        Converted?.Dispose();
        Converted = null;
        var ended = new JobEnded(Job, Delivery, _spoken == _outcomes.Length ? _outcomes : _outcomes[.._spoken], _open.Count == 0 ? null : failure);
        Job = null!;
        Delivery = null!;
        _outcomes = [];
        return ended;
    }
}
