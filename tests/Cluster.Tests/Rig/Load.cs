using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MailCluster.Cluster.Tests.Rig;

/// <summary>
/// Applications that send numbered messages, one after the other on kept-open connections, and try each again until it is taken. The ledger of what was acknowledged is theirs, not the relay's.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _enough = new();
    private readonly Task[] _clients;
    private readonly NetworkNamespace _from;
    private readonly LoadOptions _options;
    private long _next;
    private int _refusals;
    private int _reconnects;

    public Load(NetworkNamespace from, LoadOptions options)
    {
        (_from, _options, _next) = (from, options, options.First);
        _clients = [.. Enumerable.Range(0, options.Clients).Select(client => Task.Run(() => RunAsync(client)))];
    }

    /// <summary>Numbers answered 250, with when and by whom. For them the relay answers.</summary>
    public ConcurrentDictionary<long, Acceptance> Accepted { get; } = new();

    /// <summary>Numbers whose end of data was once sent without an answer. They were sent again, so they may come twice.</summary>
    public ConcurrentDictionary<long, byte> Uncertain { get; } = new();

    /// <summary>What no sender should see: replies 5xx.</summary>
    public ConcurrentQueue<string> Failures { get; } = [];

    /// <summary>Connections that ended inside a transaction, with what the client knows of it.</summary>
    public ConcurrentQueue<string> Cuts { get; } = [];

    /// <summary>4xx replies.</summary>
    public int Refusals => _refusals;

    /// <summary>Connections that had to be made anew.</summary>
    public int Reconnects => _reconnects;

    /// <summary>True for a number of this load's.</summary>
    public bool Owns(long number) => number > _options.First && number <= Interlocked.Read(ref _next);

    /// <summary>Lets each client end its transaction, and stops.</summary>
    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await Task.WhenAll(_clients);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _enough.Dispose();
    }

    private async Task RunAsync(int client)
    {
        RelaySession? session = null;
        try
        {
            while (!_enough.IsCancellationRequested)
            {
                var number = Interlocked.Increment(ref _next);
                session = await SendUntilTakenAsync(client, number, session);
                await PauseAsync(_options.Pause);
            }
        }
        finally
        {
            session?.Dispose();
        }
    }

    private async Task<RelaySession?> SendUntilTakenAsync(int client, long number, RelaySession? session)
    {
        while (true)
        {
            var target = _options.Target(client);
            try
            {
                string reply = "";
                if (session is null)
                {
                    (session, reply) = await RelaySession.OpenAsync(_from, target);
                }

                if (session is not null)
                {
                    reply = await session.SendAsync(number, _options.Recipient(number));
                }

                switch (reply)
                {
                    case ['2', ..]:
                        Accepted[number] = new(RigClock.Now, target.Address);
                        return session;
                    case ['4', ..]:
                        Interlocked.Increment(ref _refusals);
                        if (reply.StartsWith("421", StringComparison.Ordinal)) session = Drop(session);
                        break;
                    default:
                        Failures.Enqueue(reply);
                        return Drop(session);
                }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                Interlocked.Increment(ref _reconnects);
                if (session?.IsUncertain == true) Uncertain[number] = 0;
                if (session?.InTransaction == true) Cuts.Enqueue($"{RigClock.Now.TotalSeconds:F2} s, {number}, {(session.IsUncertain ? "after" : "before")} the end of data: {e.Message}");
                session = Drop(session);
            }

            if (_enough.IsCancellationRequested)
            {
                return session;
            }

            await PauseAsync(Retry);
        }
    }

    private static RelaySession? Drop(RelaySession? session)
    {
        session?.Dispose();
        return null;
    }

    private async Task PauseAsync(TimeSpan time)
    {
        try
        {
            if (time > TimeSpan.Zero) await Task.Delay(time, _enough.Token);
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }
}
