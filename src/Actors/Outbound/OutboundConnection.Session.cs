using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using MailCluster.Actors.Delivery;
using MailCluster.Actors.Queue;
using MailCluster.Protocol.Client;
using MailCluster.Protocol.Failures;
using MailCluster.Protocol.Replies;

namespace MailCluster.Actors.Outbound;

/// <summary>From an address to the point where mail may flow, and the way out.</summary>
internal sealed partial class OutboundConnection
{
    /// <summary>A handshake that has not come to an end by then never will; the host is then tried in clear text.</summary>
    private static readonly TimeSpan _handshakeWait = TimeSpan.FromSeconds(30);

    /// <summary>One connection to one host, from connecting to closing.</summary>
    /// <returns>Why it is over, null where it is to be tried again in clear text; and the address, where one answered.</returns>
    private async ValueTask<(Departure? Departure, IPAddress? Address)> VisitAsync(RouteHost host, IReadOnlyList<IPAddress> addresses, TlsUse tls)
    {
        _served = 0;
        _begun = 0;
        _timedOut = false;
        _recipientLimit = _settings.Options.RecipientsPerMessage;
        Socket socket;
        try
        {
            socket = await AddressRace.ConnectAsync(addresses, host.Port, _settings.Options.Timeouts.Connect, _settings.Time, _stop.Token).ConfigureAwait(false);
        }
        catch (SocketException refused)
        {
            var address = addresses is [var only] ? new IPEndPoint(only, host.Port).ToString() : null;
            return (new Departure.HostFailed(HostFailures.Unreachable(host.Name, refused.SocketErrorCode.ToString()) with { Address = address }), null);
        }
        catch (OperationCanceledException)
        {
            return (new Departure.Finished(), null);
        }
        var transport = new OutboundTransport(socket, _onReceived);
        _transport = transport;
        try
        {
            _log.Connected(host.Name, transport.Peer);
            var departure = await OpenAsync(host, tls).ConfigureAwait(false);
            if (departure is Departure.Finished && _peer is not null)
            {
                departure = await ServeAsync().ConfigureAwait(false);
            }
            if (departure is Departure.Finished or Departure.MailPutOff)
            {
                await QuitAsync().ConfigureAwait(false);
            }
            return (departure, transport.Peer.Address.IsIPv4MappedToIPv6 ? transport.Peer.Address.MapToIPv4() : transport.Peer.Address);
        }
        finally
        {
            _deadline.Disarm();
            _transport = null;
            transport.Dispose();
        }
    }

    /// <summary>Runs <see cref="ClientState"/> to its end.</summary>
    /// <returns>Finished where mail may flow or nothing is to be done any more; null to try again in clear text; else why the host is left.</returns>
    private async ValueTask<Departure?> OpenAsync(RouteHost host, TlsUse tls)
    {
        _peer = null;
        ClientState state = new ClientState.Greeted(host.Name, tls);
        for (; ; )
        {
            var (reply, failure) = await ReadReplyAsync(state.Step, host.Name).ConfigureAwait(false);
            if (reply is null)
            {
                return failure is null ? new Departure.Finished() : state.MayLackTls ? null : new Departure.HostFailed(failure);
            }
            var transition = state.On(reply);
            if (transition.Effect is ClientEffect.BeginHandshake)
            {
                transition = await EncryptAsync(host.Name).ConfigureAwait(false) ? transition.State.OnEncrypted() : transition.State.OnHandshakeFailed();
            }
            state = transition.State;
            switch (transition.Effect)
            {
                case ClientEffect.SendEhlo:
                    ClientCommands.WriteHello(Commands(), "EHLO"u8, _settings.HostName);
                    break;
                case ClientEffect.SendHelo:
                    ClientCommands.WriteHello(Commands(), "HELO"u8, _settings.HostName);
                    break;
                case ClientEffect.SendStartTls:
                    Commands().Write("STARTTLS\r\n"u8);
                    break;
                case ClientEffect.Serve(var extensions):
                    Serve(host, extensions);
                    return new Departure.Finished();
                case ClientEffect.ReconnectInClear:
                    return null;
                case ClientEffect.LeaveHost(var why):
                    return new Departure.HostFailed(why);
            }
            _log.Sent(_commands.WrittenSpan);
            if (!await TrySendAsync(_commands.WrittenMemory, default, default).ConfigureAwait(false))
            {
                return new Departure.HostFailed(Broken(state.Step, host.Name));
            }
        }
    }

    private void Serve(RouteHost host, Extensions extensions)
    {
        _offers = extensions;
        _limit = Math.Min(_settings.Options.MessagesPerConnection, extensions.MailLimit);
        _recipientLimit = Math.Min(_recipientLimit, extensions.RecipientLimit);
        _peer = new(host.Name, _transport!.Peer, _transport.Tls, extensions.Dsn, _session);
        if (!_wasConnected)
        {
            _wasConnected = true;
            _pool.Tell(_connectedIdle, _self);
        }
    }

    /// <summary>Waits for one reply outside transactions.</summary>
    /// <returns>The reply; or why there is none; or neither, where the loop was told to close.</returns>
    private async ValueTask<(Reply? Reply, DeliveryFailure? Failure)> ReadReplyAsync(ClientStep step, string host)
    {
        _isIdle = false;
        _deadline.Arm(WaitFor(step));
        for (; ; )
        {
            var progress = ReplyParser.Parse(_transport!.Received, out var view, out var consumed);
            if (progress == ReplyProgress.Complete)
            {
                _log.Received(view.Octets);
                var reply = view.ToReply();
                _transport.Consume(consumed);
                return (reply, null);
            }
            if (progress != ReplyProgress.NeedMore)
            {
                return (null, HostFailures.Malformed(progress, step, host));
            }
            if (_isClosing)
            {
                return (null, null);
            }
            if (!_transport.BeginReceive())
            {
                await _wake.WaitAsync().ConfigureAwait(false);
            }
            if (_transport.TryEndReceive(out var octets) && octets == 0)
            {
                return (null, Broken(step, host));
            }
        }
    }

    private async ValueTask<bool> EncryptAsync(string host)
    {
        // RFC 3207 section 6, and its lesson: octets sent in clear text behind the 220 must not be read as if they had come under TLS.
        if (_transport!.Received.IsEmpty)
        {
            using var limit = new CancellationTokenSource(_handshakeWait, _settings.Time);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            try
            {
                _deadline.Disarm();
                await _transport.EncryptAsync(host, over.Token).ConfigureAwait(false);
                _log.Encrypted(host, _transport.Tls!);
                return true;
            }
            catch (Exception failed) when (failed is AuthenticationException or IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                _log.Encrypted(host, failed.Message);
            }
        }
        return false;
    }

    /// <summary>QUIT, and a short wait for its reply: the peer should see an orderly end, but the slot is not to be held for it.</summary>
    private async ValueTask QuitAsync()
    {
        if (_current is not null || _timedOut)
        {
            return;
        }
        Commands().Write("QUIT\r\n"u8);
        _log.Sent(_commands.WrittenSpan);
        if (!await TrySendAsync(_commands.WrittenMemory, default, default, _quitWait).ConfigureAwait(false))
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
                return;
            }
        }
    }

    private DeliveryFailure Broken(ClientStep step, string host) => _timedOut ? HostFailures.TimedOut(step, host) : HostFailures.Lost(step, host);

    private TimeSpan WaitFor(ClientStep step)
    {
        var waits = _settings.Options.Timeouts;
        return step switch
        {
            ClientStep.Greeting => waits.Greeting,
            ClientStep.Hello or ClientStep.StartTls => waits.Ehlo,
            ClientStep.Mail or ClientStep.Rset => waits.Mail,
            ClientStep.Rcpt => waits.Rcpt,
            ClientStep.Data => waits.Data,
            ClientStep.Content => waits.DataBlock,
            ClientStep.EndOfData => waits.DataTermination,
            _ => _settings.Options.IdleTimeout,
        };
    }
}
