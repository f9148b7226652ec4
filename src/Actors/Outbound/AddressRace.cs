using System.Net;
using System.Net.Sockets;

namespace MailCluster.Actors.Outbound;

/// <summary>Connects to the first of a host's addresses that answers (RFC 8305 section 5): the next one is tried beside the others when 250 ms have passed or one has failed.</summary>
internal static class AddressRace
{
    /// <summary>How long an address runs alone.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(250);

    /// <summary>Runs the race.</summary>
    /// <param name="addresses">In order; at least one.</param>
    /// <param name="port">The port.</param>
    /// <param name="timeout">For the whole race.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="SocketException">None answered: the last one's reason.</exception>
    /// <exception cref="OperationCanceledException">Cancelled from outside.</exception>
    public static async Task<Socket> ConnectAsync(IReadOnlyList<IPAddress> addresses, int port, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var attempts = new List<Task<Socket>>();
        var reason = new SocketException((int)SocketError.TimedOut);
        try
        {
            for (var next = 0; next < addresses.Count || attempts.Count > 0;)
            {
                if (next < addresses.Count)
                {
                    attempts.Add(ConnectAsync(new IPEndPoint(addresses[next++], port), over.Token));
                }
                var turn = next < addresses.Count ? Task.Delay(Delay, time, over.Token) : null;
                var first = await Task.WhenAny(turn is null ? attempts : [.. attempts, turn]).ConfigureAwait(false);
                if (first is not Task<Socket> attempt)
                {
                    over.Token.ThrowIfCancellationRequested();
                    continue;
                }
                attempts.Remove(attempt);
                if (attempt.IsCompletedSuccessfully)
                {
                    return await attempt.ConfigureAwait(false);
                }
                reason = attempt.Exception?.InnerException as SocketException ?? reason;
                over.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            foreach (var loser in attempts)
            {
                _ = loser.ContinueWith(static done => { if (done.IsCompletedSuccessfully) { done.Result.Dispose(); } else { _ = done.Exception; } }, TaskScheduler.Default);
            }
        }
        throw reason;
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellation).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
