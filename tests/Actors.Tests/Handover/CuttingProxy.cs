using System.Net;
using System.Net.Sockets;

namespace MailCluster.Actors.Tests.Handover;

/// <summary>A way to a listener that breaks: each connection is cut after so many octets in one direction, without a word to either side.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<int> _target;
    private readonly Func<(long FromDonor, long FromReceiver)> _limits;
    private readonly Task _running;

    public CuttingProxy(Func<int> target, Func<(long FromDonor, long FromReceiver)> limits)
    {
        (_target, _limits) = (target, limits);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _running = RunAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public int Cuts;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _running;
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        var running = new List<Task>();
        try
        {
            while (true)
            {
                var donor = await _listener.AcceptAsync(_end.Token);
                running.Add(ServeAsync(donor));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
        await Task.WhenAll(running);
    }

    private async Task ServeAsync(Socket donor)
    {
        using (donor)
        using (var receiver = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await receiver.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _target()), _end.Token);
                var (fromDonor, fromReceiver) = _limits();
                await Task.WhenAny(PassAsync(donor, receiver, fromDonor), PassAsync(receiver, donor, fromReceiver));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
            }
        }
    }

    private async Task PassAsync(Socket from, Socket to, long limit)
    {
        var buffer = new byte[16 << 10];
        try
        {
            while (limit > 0)
            {
                var read = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, limit)), _end.Token);
                if (read == 0)
                {
                    return;
                }
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _end.Token);
                }
                limit -= read;
            }
            Interlocked.Increment(ref Cuts);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
    }
}
