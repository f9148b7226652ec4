using MailCluster.Actors.Queue;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>A transaction on its way: the pure <see cref="MailTransaction"/> and the recipients that its verdicts are about. Reused.</summary>
internal sealed class OutboundTransaction
{
    // In the order of their RCPTs; complemented once something has been said of one.
    private readonly List<int> _recipients = [];

    /// <summary>Where it stands.</summary>
    public MailTransaction State { get; set; }

    /// <summary>The job it is for.</summary>
    public OutboundJob Job { get; private set; } = null!;

    /// <summary>How the message goes.</summary>
    public HandOver HandOver { get; private set; }

    /// <summary>The recipients' numbers, before it begins.</summary>
    public List<int> Recipients => _recipients;

    /// <summary>Takes recipients of a job; nothing is decided yet.</summary>
    public void Take(OutboundJob job, int count)
    {
        Job = job;
        _recipients.Clear();
        job.Take(count, _recipients);
        job.Running++;
    }

    /// <summary>Can begin: all recipients taken will be named.</summary>
    public void Begin(HandOver handOver, bool pipelining)
    {
        HandOver = handOver;
        State = MailTransaction.Begin(_recipients.Count, handOver.Transfer, pipelining);
    }

    /// <summary>The number of a recipient by its place in the transaction.</summary>
    public int Number(int place) => _recipients[place] is var number && number < 0 ? ~number : number;

    /// <summary>A recipient was refused.</summary>
    public void Refuse(int place, DeliveryFailure failure, OutboundPeer peer)
    {
        Job.Refuse(_recipients[place], failure, peer);
        _recipients[place] = ~_recipients[place];
    }

    /// <summary>A recipient goes into a later transaction.</summary>
    public void Postpone(int place)
    {
        Job.Return(_recipients[place]);
        _recipients[place] = ~_recipients[place];
    }

    /// <summary>All that nothing was said of were accepted.</summary>
    public void AcceptRest(Reply reply, OutboundPeer peer)
    {
        foreach (var recipient in _recipients)
        {
            if (recipient >= 0)
            {
                Job.Accept(recipient, reply, peer);
            }
        }
        _recipients.Clear();
    }

    /// <summary>All that nothing was said of were refused.</summary>
    public void RefuseRest(DeliveryFailure failure, OutboundPeer peer)
    {
        foreach (var recipient in _recipients)
        {
            if (recipient >= 0)
            {
                Job.Refuse(recipient, failure, peer);
            }
        }
        _recipients.Clear();
    }

    /// <summary>It is over, well or broken off: those that nothing was said of go back to the job.</summary>
    public void End()
    {
        for (var i = _recipients.Count - 1; i >= 0; i--)
        {
            if (_recipients[i] >= 0)
            {
                Job.Return(_recipients[i]);
            }
        }
        _recipients.Clear();
        Job.Running--;
    }
}
