using MailCluster.Actors.Queue;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>While mail flows: what a reply means, when the next transaction begins, and what is left when the connection ends.</summary>
internal sealed partial class OutboundConnection
{
    private readonly Stack<OutboundJob> _spare = new();
    private readonly Stack<OutboundTransaction> _spareTransactions = new();
    private readonly ReplyCache _replies = new();

    private Extensions _offers = Extensions.None;
    private OutboundPeer? _peer;
    private OutboundTransaction? _current;
    private OutboundTransaction? _next;
    private int _served;
    private int _begun;
    private int _limit;
    private int _recipientLimit;

    /// <summary>Serves until the connection ends. When it returns no transaction runs.</summary>
    private async ValueTask<Departure> ServeAsync()
    {
        for (; ; )
        {
            if ((TakeReplies() ?? await AdvanceAsync().ConfigureAwait(false)) is { } departure)
            {
                return departure;
            }
            if (_current is null && (_isClosing || _begun >= _limit))
            {
                return new Departure.Finished();
            }
            Arm();
            if (!_transport!.BeginReceive())
            {
                await _wake.WaitAsync().ConfigureAwait(false);
            }
            if (_transport.TryEndReceive(out var octets) && octets == 0)
            {
                return OnEnd();
            }
            if (_idleExpired)
            {
                _idleExpired = false;
                if (_current is null && !HasWork)
                {
                    return new Departure.Finished();
                }
            }
        }
    }

    private void Arm()
    {
        _isIdle = _current is null;
        _deadline.Arm(WaitFor(_current?.State.Awaits ?? ClientStep.Idle));
    }

    /// <summary>Decides all replies that are there.</summary>
    private Departure? TakeReplies()
    {
        while (!_transport!.Received.IsEmpty)
        {
            var progress = ReplyParser.Parse(_transport.Received, out var view, out var consumed);
            if (progress == ReplyProgress.NeedMore)
            {
                return null;
            }
            if (progress != ReplyProgress.Complete)
            {
                return Abandon(HostFailures.Malformed(progress, _current?.State.Awaits ?? ClientStep.Idle, _peer!.Host), isRefused: false);
            }
            _log.Received(view.Octets);
            var departure = Take(view);
            _transport.Consume(consumed);
            if (departure is not null)
            {
                return departure;
            }
        }
        return null;
    }

    private Departure? Take(in ReplyView view)
    {
        if (_current is not { } transaction)
        {
            // 421 while nothing runs is how a peer says that it closes an idle connection (RFC 5321 section 3.8).
            return view.Code == 421 ? new Departure.PeerClosed() : new Departure.HostFailed(HostFailures.Unasked(view.ToReply(), _peer!.Host));
        }
        var step = transaction.State.Awaits;
        if (step == ClientStep.Content)
        {
            return TakeInContent(transaction, view.ToReply());
        }
        var transition = transaction.State.On(view.Code, view.Status);
        transaction.State = transition.State;
        switch (transition.Verdict)
        {
            case TransactionVerdict.Delivered:
                transaction.AcceptRest(_replies.Get(view), _peer!);
                break;
            case TransactionVerdict.MailRefused when view.Code < 500 && _cursor.HasFurtherHost:
                var putOff = Failure(FailureScope.Transaction, view.ToReply());
                transaction.Job.Refusal = putOff;
                End(transaction);
                _current = null;
                return new Departure.MailPutOff(putOff);
            case TransactionVerdict.MailRefused:
                if (transaction.Job.Refusal is not null)
                {
                    // It has been through all hosts, and this is a lesser one: the mail that follows begins with the best again, over a new connection.
                    _limit = _begun;
                }
                transaction.RefuseRest(Failure(FailureScope.Transaction, view.ToReply()), _peer!);
                break;
            case TransactionVerdict.DataRefused:
            case TransactionVerdict.ContentRefused:
                transaction.RefuseRest(Failure(FailureScope.Transaction, view.ToReply()), _peer!);
                break;
            case TransactionVerdict.RecipientRefused:
                transaction.Refuse(transition.Recipient, Failure(FailureScope.Recipient, RecipientReplies.AsRead(view.ToReply())), _peer!);
                break;
            case TransactionVerdict.RecipientPostponed:
                transaction.Postpone(transition.Recipient);
                _recipientLimit = Math.Min(_recipientLimit, transaction.State.Accepted);
                break;
            case TransactionVerdict.HostFailed:
                return Abandon(HostFailures.Refused(view.ToReply(), step, _peer!.Host), isRefused: view.Code == 421);
        }
        if (transaction.State.IsOver)
        {
            _served++;
            End(transaction);
            EndIfOver(transaction.Job);
            _current = _next;
            _next = null;
        }
        return null;
    }

    /// <summary>The connection ended, by the peer, by the network or by our patience.</summary>
    private Departure OnEnd()
    {
        if (_current is null && !_timedOut)
        {
            return new Departure.PeerClosed();
        }
        return Abandon(Broken(_current?.State.Awaits ?? ClientStep.Idle, _peer!.Host), isRefused: false);
    }

    /// <summary>
    /// Breaks off what runs. Recipients that nobody spoke of go back to their jobs and on to the next host; but where the end of data is out and no reply has come, the peer may have the
    /// message: to send it elsewhere at once would most likely deliver it twice, so it is put off.
    /// </summary>
    private Departure.HostFailed Abandon(DeliveryFailure failure, bool isRefused)
    {
        if (_current is { } current && current.State.AwaitsEndOfData && !isRefused)
        {
            _log.MayBeDeliveredTwice(current.Job.Delivery.Id, _peer!.Host, ClientStep.EndOfData);
            current.RefuseRest(failure with { Scope = FailureScope.Transaction }, _peer);
        }
        Drop();
        return new(failure);
    }

    /// <summary>No transaction runs any more.</summary>
    private void Drop()
    {
        foreach (var transaction in (ReadOnlySpan<OutboundTransaction?>)[_next, _current])
        {
            if (transaction is not null)
            {
                End(transaction);
            }
        }
        _current = _next = null;
    }

    private void End(OutboundTransaction transaction)
    {
        transaction.End();
        _spareTransactions.Push(transaction);
    }

    private DeliveryFailure Failure(FailureScope scope, Reply reply) => new(scope, reply, _peer!.Host);
}
