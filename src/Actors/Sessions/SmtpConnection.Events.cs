using MailCluster.Actors.Events;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

// What is told of the session, in the log and in the event log.
public sealed partial class SmtpConnection
{
    private void LogAccepted(string queueId, QueueId id, Envelope envelope, MailTransaction mail, long size)
    {
        var first = envelope.Destinations[0];
        _reception.Events.Write(new FateEvent
        {
            Type = FateEventType.Reception,
            At = envelope.Arrived,
            Id = id,
            Sender = envelope.ReversePath.Address,
            Recipient = first.Recipients[0].Path.Address,
            Recipients = mail.Count,
            Destination = first.Domain.Value,
            PeerName = envelope.Origin.ClientName,
            PeerAddress = envelope.Origin.PeerAddress,
            Size = size,
            Session = envelope.Origin.Session,
        });
        if (Logger.IsEnabled(LogLevel.Information))
        {
            Logger.Accepted(
                queueId, envelope.ReversePath.ToString(), size, mail.Count, envelope.Origin.ClientName, ClientAddress, envelope.Origin.Protocol, _handle.Id);
        }
    }

    private void RejectContent(in Transition transition, MailTransaction mail)
    {
        if (transition.Reply is { Code: >= 400 } reply)
        {
            Reject(reply, mail.Mail.ReversePath.Address, mail.Recipients[0].ForwardPath.Address);
        }
    }

    /// <summary>A command was refused by the session machine itself.</summary>
    private void RejectCommand(Reply reply, Command command, SessionState state)
    {
        if (command is Command.Mail mail)
        {
            Reject(reply, mail.ReversePath.Address, null);
        }
        else if (command is Command.Rcpt rcpt)
        {
            // Thousands may be over the limit; the first says it all.
            if (!ReferenceEquals(reply, Replies.TooManyRecipients) || !_told)
            {
                _told = ReferenceEquals(reply, Replies.TooManyRecipients);
                Reject(reply, state.CurrentMail?.Mail.ReversePath.Address, rcpt.ForwardPath.Address);
            }
        }
        else if (command is Command.Refused { Reply.Code: not ReplyCode.ParameterUnknown } or Command.Expn or Command.StartTls)
        {
            if (!IsProbe)
            {
                Write(reply, null, null);
            }
            if (Logger.IsEnabled(LogLevel.Debug))
            {
                Logger.Refused(reply.ToString(), state.Client?.Name, ClientAddress, _handle.Id);
            }
        }
        else
        {
            Reject(reply, state.CurrentMail?.Mail.ReversePath.Address, null);
        }
    }

    private void Reject(Reply reply, string? sender, string? recipient)
    {
        if (IsProbe)
        {
            RejectProbe(reply);
            return;
        }
        Write(reply, sender, recipient);
        if (Logger.IsEnabled(LogLevel.Information))
        {
            Logger.Rejected(reply.ToString(), sender, recipient, _session.State.Client?.Name, ClientAddress, _listener.Options.Name, _handle.Id);
        }
    }

    /// <summary>What is refused to a load balancer is no mail's fate. But MAIL is a sign that it does not name its clients, and that somebody's mail does not come through.</summary>
    private void RejectProbe(Reply reply)
    {
        if (ReferenceEquals(reply, Replies.NoClientAddress) && _listener.Unnamed.Admits(_client.Address, out var more))
        {
            Logger.Unnamed(_client.Address, _listener.Options.Name, more);
        }
        else if (Logger.IsEnabled(LogLevel.Debug))
        {
            Logger.Refused(reply.ToString(), null, ClientAddress, _handle.Id);
        }
    }

    private void Write(Reply reply, string? sender, string? recipient) => _reception.Events.Write(new FateEvent
    {
        Type = FateEventType.Rejection,
        At = _reception.Time.GetUtcNow(),
        Sender = sender,
        Recipient = recipient,
        PeerName = _session.State.Client?.Name,
        PeerAddress = ClientAddress,
        Reply = reply,
        Session = _handle.Id,
    });

    private void LogLost()
    {
        // Between transactions it is rude and no more.
        if (_session.State.CurrentMail is not null && Logger.IsEnabled(LogLevel.Information))
        {
            Logger.Lost(_session.State.Phrase, _session.State.Client?.Name, ClientAddress, _handle.Id);
        }
    }

    private void LogTimedOut()
    {
        if (!IsProbe && Logger.IsEnabled(LogLevel.Information))
        {
            Logger.TimedOut(_session.State.Phrase, _session.State.Client?.Name, ClientAddress, _handle.Id);
        }
    }

    private void LogDisconnected()
    {
        if (Logger.IsEnabled(LogLevel.Debug))
        {
            Logger.Disconnected(ClientAddress, _handle.Id);
        }
    }
}
