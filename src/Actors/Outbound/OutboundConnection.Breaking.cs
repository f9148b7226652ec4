using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>When something could not be sent to its end: what the peer had to say of it, and what becomes of the transaction.</summary>
internal sealed partial class OutboundConnection
{
    /// <summary>Commands could not be sent. What the peer said before it closed (421, as a rule) tells more than the broken pipe.</summary>
    private async ValueTask<Departure> OnSendFailedAsync()
    {
        await DrainAsync().ConfigureAwait(false);
        return TakeReplies() ?? OnEnd();
    }

    /// <summary>Content could not be sent to its end, so the peer cannot have the message. It may have said why before it closed: too large, for one.</summary>
    private async ValueTask<Departure> OnContentBrokenOffAsync(OutboundTransaction current)
    {
        await DrainAsync().ConfigureAwait(false);
        if (ReplyParser.Parse(_transport!.Received, out var view, out _) != ReplyProgress.Complete)
        {
            return Abandon(Broken(ClientStep.Content, _peer!.Host), isRefused: false);
        }
        _log.Received(view.Octets);
        return TakeInContent(current, view.ToReply());
    }

    /// <summary>A reply in the middle of content. The connection is over: it waits for the rest, which it does not want.</summary>
    private Departure.HostFailed TakeInContent(OutboundTransaction current, Reply reply)
    {
        var transition = current.State.OnBrokenOff(reply.Code);
        current.State = transition.State;
        if (transition.Verdict == TransactionVerdict.ContentRefused)
        {
            _served++;
            current.RefuseRest(Failure(FailureScope.Transaction, reply), _peer!);
        }
        return Abandon(HostFailures.Refused(reply, ClientStep.Content, _peer!.Host), isRefused: true);
    }

    /// <summary>Content could not be read to its end. The connection is given up in the middle of it, which no peer takes for an end of data.</summary>
    private Departure.BrokenOff OnUnreadable(OutboundTransaction current)
    {
        current.RefuseRest(Unreadable, _peer!);
        current.Job.RefuseOpen(Unreadable, _peer!);
        Drop();
        return new();
    }

    /// <summary>Reads what is still to be had from a broken connection, for a moment.</summary>
    private async ValueTask DrainAsync()
    {
        if (_timedOut)
        {
            return;
        }
        _deadline.Arm(_quitWait);
        while (ReplyParser.Parse(_transport!.Received, out _, out _) == ReplyProgress.NeedMore)
        {
            if (!_transport.BeginReceive())
            {
                await _wake.WaitAsync().ConfigureAwait(false);
            }
            if (_transport.TryEndReceive(out var octets) && octets == 0)
            {
                break;
            }
        }
        _timedOut = false;
    }
}
