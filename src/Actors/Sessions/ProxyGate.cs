using System.Net;
using MailCluster.Protocol.Proxy;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging;

namespace MailCluster.Actors.Sessions;

/// <summary>
/// Stands at a listener that requires the PROXY header, before everything else, TLS too. It takes the header off, and what comes after it sees the connection as if the
/// client had made it. A peer that is not listed, or sends no header in time, is dropped without a word: what would be said is not known to be SMTP ("The PROXY
/// protocol", section 2: "must not try to guess", "must not start processing before it receives a complete and valid header").
/// </summary>
/// <param name="peers">The load balancers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">For what is refused.</param>
public sealed class ProxyGate(IReadOnlyList<IPNetwork> peers, TimeProvider time, ILogger<ProxyGate> logger)
{
    /// <summary>How long a header may take. Section 2: "at least 3 seconds to cover a TCP retransmit"; it is sent with the first octets, and must be.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly LinePerPeer _strangers = new(time);
    private readonly LinePerPeer _headless = new(time);

    /// <summary>What a listener does with a connection before <paramref name="next"/>.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next, ListenerOptions listener) => async connection =>
    {
        if (connection.RemoteEndPoint is not IPEndPoint peer || !IsListed(peer))
        {
            Refuse(connection, listener);
            return;
        }
        if (await ReadAsync(connection, peer, listener).ConfigureAwait(false) is not { } header)
        {
            return;
        }
        if (logger.IsEnabled(LogLevel.Debug))
        {
            logger.Proxied(peer, header.ToString(), listener.Name);
        }
        var origin = ClientOrigin.Behind(peer, connection.LocalEndPoint as IPEndPoint, header);
        connection.Features.Set(new ProxiedClient(origin));
        connection.RemoteEndPoint = new IPEndPoint(origin.Address, origin.Port);
        await next(connection).ConfigureAwait(false);
    };

    /// <summary>The header; null where there is none, and the connection is on its end.</summary>
    private async ValueTask<ProxyHeader?> ReadAsync(ConnectionContext connection, IPEndPoint peer, ListenerOptions listener)
    {
        var input = connection.Transport.Input;
        using var limit = new CancellationTokenSource(s_limit, time);
        // At shutdown nobody waits for a header.
        var closing = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var atClosing = closing.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync(limit.Token).ConfigureAwait(false);
                var status = ProxyHeaderParser.Read(read.Buffer, out var header, out var fault, out var consumed, out var examined);
                var isEmpty = read.Buffer.IsEmpty;
                input.AdvanceTo(consumed, examined);
                switch (status)
                {
                    case ProxyHeaderStatus.Complete:
                        return header;
                    case ProxyHeaderStatus.Invalid:
                        Refuse(connection, peer, listener, InWords(fault));
                        return null;
                    case ProxyHeaderStatus.Incomplete when read.IsCompleted:
                        // Who connects and goes without a word looks whether the port is open: no news.
                        Refuse(connection, peer, listener, isEmpty ? null : "it hung up within its PROXY header");
                        return null;
                    default:
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Refuse(connection, peer, listener, closing.IsCancellationRequested ? null : $"no PROXY header within {s_limit.TotalSeconds} s");
        }
        catch (IOException)
        {
            // Reset.
        }
        return null;
    }

    private bool IsListed(IPEndPoint peer)
    {
        var address = ConnectionLimits.Fold(peer.Address);
        foreach (var network in peers)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }
        return false;
    }

    private void Refuse(ConnectionContext connection, ListenerOptions listener)
    {
        var peer = ConnectionLimits.Fold((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        if (_strangers.Admits(peer, out var leftOut))
        {
            logger.NoPeer(peer, listener.Name, leftOut);
        }
        connection.Abort(new ConnectionAbortedException("The peer is no load balancer of ours."));
    }

    private void Refuse(ConnectionContext connection, IPEndPoint peer, ListenerOptions listener, string? reason)
    {
        var address = ConnectionLimits.Fold(peer.Address);
        if (reason is not null && _headless.Admits(address, out var leftOut))
        {
            logger.NoHeader(address, reason, listener.Name, leftOut);
        }
        connection.Abort(new ConnectionAbortedException(reason ?? "No PROXY header."));
    }

    private static string InWords(ProxyHeaderFault fault) => fault switch
    {
        ProxyHeaderFault.NoSignature => "it sends no PROXY header",
        ProxyHeaderFault.TooLong => "its PROXY header is too long",
        ProxyHeaderFault.BadLine => "its PROXY header is not as version 1 has it",
        ProxyHeaderFault.BadChecksum => "the checksum of its PROXY header is wrong",
        _ => $"its PROXY header is not as version 2 has it ({fault})",
    };
}
