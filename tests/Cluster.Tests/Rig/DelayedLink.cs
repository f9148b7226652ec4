using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// Distance between nodes, made without the kernel's netem, which not every kernel has: what a node sends to its peers' cluster ports is led to this forwarder, which hands it on, octets and their
/// answers, after a while. The nodes do not see it: they have each other's addresses.
/// </summary>
internal sealed class DelayedLink : IAsyncDisposable
{
    private const int Port = 9999;
    private const int OurMark = 77;

    private readonly NetworkNamespace _space;
    private readonly TimeSpan _delay;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _links = new();
    private readonly Task _accepting;
    private int _connections;

    private DelayedLink(NetworkNamespace space, TimeSpan delay)
    {
        (_space, _delay) = (space, delay);
        _listener = space.Listen(IPAddress.Any, Port);
        _accepting = AcceptAsync();
    }

    /// <summary>Connections that have been led through.</summary>
    public int Connections => _connections;

    /// <summary>Leads all connections that a node makes to its peers' ports from 4000 to 4999 through a forwarder, which delays each direction by <paramref name="delay"/>. Those that exist go on as
    /// they are: so it has to be laid before the node starts.</summary>
    public static async Task<DelayedLink> LayAsync(NetworkNamespace space, IEnumerable<NetworkNamespace> peers, TimeSpan delay)
    {
        var link = new DelayedLink(space, delay);
        await space.ShellAsync($$"""
            nft -f - <<'END'
            table ip distance {
              chain output {
                type nat hook output priority -100
                meta mark {{OurMark}} accept
                ip daddr { {{string.Join(", ", peers.Where(peer => peer != space).Select(peer => peer.Address))}} } tcp dport 4000-4999 redirect to :{{Port}}
              }
            }
            END
            """);
        return link;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_links.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                var link = Task.Run(() => JoinAsync(near));
                _links[link] = 0;
                _ = link.ContinueWith(ended => _links.TryRemove(ended, out _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Taken away.
        }
    }

    private async Task JoinAsync(Socket near)
    {
        using var far = _space.OpenSocket();
        using (near)
        {
            try
            {
                far.SetRawSocketOption(1, 36, BitConverter.GetBytes(OurMark));      // SOL_SOCKET, SO_MARK
                await Task.Delay(_delay, _stop.Token);
                await far.ConnectAsync(Meant(near), _stop.Token);
                near.NoDelay = true;
                await Task.WhenAny(PassAsync(near, far), PassAsync(far, near));
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One end went: so does the other.
            }
        }
    }

    /// <summary>Each piece leaves when it has been here for the delay; those behind it do not wait for that.</summary>
    private async Task PassAsync(Socket from, Socket to)
    {
        var pieces = Channel.CreateBounded<(TimeSpan Due, byte[] Octets)>(1000);
        var reading = Task.Run(async () =>
        {
            var buffer = new byte[65536];
            try
            {
                while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
                {
                    await pieces.Writer.WriteAsync((RigClock.Now + _delay, buffer[..count]), _stop.Token);
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Gone.
            }

            pieces.Writer.Complete();
        });
        await foreach (var (due, octets) in pieces.Reader.ReadAllAsync(_stop.Token))
        {
            if (due - RigClock.Now is var wait && wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, _stop.Token);
            }

            await to.SendAsync(octets, _stop.Token);
        }

        await reading;
    }

    /// <summary>Whom the node had meant to reach: the kernel remembers it (SO_ORIGINAL_DST).</summary>
    private static IPEndPoint Meant(Socket socket)
    {
        Span<byte> address = stackalloc byte[16];
        socket.GetRawSocketOption(0, 80, address);
        return new(new IPAddress(address[4..8]), (address[2] << 8) | address[3]);
    }
}
