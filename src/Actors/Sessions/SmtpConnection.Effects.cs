using System.Runtime.CompilerServices;
using MailCluster.Protocol.Commands;
using MailCluster.Protocol.Replies;
using MailCluster.Protocol.Server;
using MailCluster.Spool;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

// How what the session machine decides is carried out.
public sealed partial class SmtpConnection
{
    private MessageOrigin? _origin;

    /// <summary>Sends the reply, carries out the effect, feeds its outcome back, and so on until a command is wanted or the session is over.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CarryOutAsync(Transition transition)
    {
        while (true)
        {
            Send(transition);
            switch (transition.Effect)
            {
                case null:
                    return;

                case Effect.AdmitMail admit:
                    var refusal = await AskAsync(SessionSubject.Mail).ConfigureAwait(false);
                    transition = _session.On(new Outcome.MailVerdict(admit.Mail, refusal));
                    if (refusal is null)
                    {
                        BeginTransactionTime();
                        _told = false;
                    }
                    else
                    {
                        Reject(transition.Reply!, admit.Mail.ReversePath.Address, null);
                    }
                    break;

                case Effect.VerifyRecipient verify:
                    transition = Verify(verify);
                    break;

                case Effect.OpenSpool open:
                    transition = _session.On(await OpenSpoolAsync(open.Transaction).ConfigureAwait(false));
                    RejectContent(transition, open.Transaction);
                    break;

                case Effect.ReceiveContent:
                {
                    var mail = _session.State.CurrentMail!;
                    if (!await ReceiveDataAsync().ConfigureAwait(false))
                    {
                        return;
                    }
                    transition = _session.On(new Outcome.ContentReceived(_receiver!.Fault));
                    RejectContent(transition, mail);
                    break;
                }

                case Effect.ReceiveChunk chunk:
                {
                    var mail = _session.State.CurrentMail!;
                    if (!await ReceiveChunkAsync(chunk.Size, chunk.Last).ConfigureAwait(false))
                    {
                        return;
                    }
                    transition = _session.On(new Outcome.ContentReceived(_receiver!.Fault));
                    RejectContent(transition, mail);
                    break;
                }

                case Effect.SkipChunk skip:
                    ReleaseContent();
                    if (!await SkipAsync(skip.Size).ConfigureAwait(false))
                    {
                        return;
                    }
                    Reject(skip.Reply, null, null);
                    transition = new(_session.State, skip.Reply);
                    break;

                case Effect.Store store:
                    transition = _session.On(await StoreAsync(store.Transaction).ConfigureAwait(false));
                    RejectContent(transition, store.Transaction);
                    break;

                default:
                    // Abandon and Close.
                    ReleaseContent();
                    return;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Reply?> AskAsync(SessionSubject subject)
    {
        Disarm();
        var answer = _handle.AskAsync(subject);
        if (!answer.IsCompleted)
        {
            await FlushAsync().ConfigureAwait(false);
        }
        return await answer.ConfigureAwait(false);
    }

    private Transition Verify(Effect.VerifyRecipient verify)
    {
        var rcpt = verify.Rcpt;
        if (rcpt.ForwardPath.Domain == default)
        {
            // RFC 5321 4.1.1.3: <postmaster> is ours.
            rcpt = rcpt with { ForwardPath = new($"{rcpt.ForwardPath.Address}@{_reception.Hostname}", _reception.Domain) };
        }
        var domain = rcpt.ForwardPath.Domain;
        var refusal = Admission.AtRcpt(
            _reception.Relay.MayRelay(_client) || _reception.Relay.Serves(domain), _reception.ClosedDomains.Contains(domain),
            _reception.Spool.OpenRecipients, verify.Transaction.Count, _reception.Limits);
        if (refusal is not null)
        {
            Reject(refusal, verify.Transaction.Mail.ReversePath.Address, rcpt.ForwardPath.Address);
        }
        return _session.On(new Outcome.RecipientVerdict(rcpt, refusal));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome.ContentStored> StoreAsync(MailTransaction mail)
    {
        var queueId = _queueId!;
        try
        {
            if (await AskAsync(SessionSubject.EndOfData).ConfigureAwait(false) is { } refusal)
            {
                return new(null, refusal);
            }
            var size = _writer!.Length;
            var envelope = new Envelope(mail.Mail.ReversePath, mail.Mail.Parameters, _reception.Time.GetUtcNow(), Origin(mail), EnvelopeDestinations.Of(mail.Recipients));
            await _writer.CommitAsync(envelope, _receiver!.Traits).ConfigureAwait(false);
            LogAccepted(queueId, _writer.Id, envelope, mail, size);
            return new(queueId, null);
        }
        catch (IOException e)
        {
            Logger.NotStored(e, queueId, ClientAddress, _handle.Id);
            return new(null, Replies.LocalError);
        }
        finally
        {
            ReleaseContent();
        }
    }

    private MessageOrigin Origin(MailTransaction mail) =>
        _origin is { } origin && ReferenceEquals(origin.ClientName, mail.Peer.Name) && origin.Protocol == mail.Protocol
            ? origin
            : _origin = new(_handle.Id, ClientAddress, mail.Peer.Name, mail.Protocol);
}
