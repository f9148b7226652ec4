using System.Buffers;
using System.Text;

namespace MailCluster.Node.Sink;

/// <summary>What goes wrong at a step, and what then?</summary>
internal sealed partial class SinkSession
{
    private readonly List<SinkMisfortune> _armed = [];

    private enum Met
    {
        /// <summary>The usual reply was given.</summary>
        Normal,
        /// <summary>Another was.</summary>
        Refused,
        /// <summary>The session is over.</summary>
        Closed,
    }

    /// <summary>Notes what an address of the transaction asks for.</summary>
    private void Arm(string argument)
    {
        if (!argument.Contains("-at-", StringComparison.Ordinal) && !argument.Contains("-after-", StringComparison.Ordinal))
        {
            return;
        }
        var address = argument[1..argument.LastIndexOf('>')];
        if (SinkMisfortune.OfAddress(Encoding.UTF8.GetBytes(address), Options.Slow) is { } misfortune && (!misfortune.Once || server.IsFirst(address)))
        {
            _armed.Add(misfortune);
        }
    }

    /// <summary>Gives the reply of a step, unless something is to go wrong there.</summary>
    /// <param name="step">The step.</param>
    /// <param name="usual">The usual reply; null at the end of data, where giving it takes the message.</param>
    private ValueTask<Met> MeetAsync(SinkStep step, byte[]? usual)
    {
        if (_armed.Count == 0 && Options.Misfortunes.Count == 0)
        {
            _output.Write(usual ?? Take());
            return new(Met.Normal);
        }
        return MeetSlowlyAsync(step, usual);
    }

    private async ValueTask<Met> MeetSlowlyAsync(SinkStep step, byte[]? usual)
    {
        var after = false;
        foreach (var misfortune in Striking(step).ToArray())
        {
            switch (misfortune.Kind)
            {
                case SinkMisfortuneKind.Delay:
                    await FlushAsync();
                    await Task.Delay(misfortune.Delay, server.Stopping);
                    break;
                case SinkMisfortuneKind.HangUpAfter:
                    after = true;
                    break;
                case SinkMisfortuneKind.Reply:
                    Refuse(Encoding.UTF8.GetBytes(misfortune.Reply + "\r\n"));
                    if (!misfortune.Reply!.StartsWith("421", StringComparison.Ordinal))
                    {
                        return Met.Refused;
                    }
                    await FlushAsync();
                    return Met.Closed;
                case SinkMisfortuneKind.HangUp:
                    await FlushAsync();
                    server.Counters.HungUp();
                    return Met.Closed;
                case SinkMisfortuneKind.Silence:
                    await FlushAsync();
                    while (await socket.ReceiveAsync(_input.AsMemory()) > 0)
                    {
                        // Listens, and says nothing.
                    }
                    return Met.Closed;
                case SinkMisfortuneKind.Garbage:
                    _output.Write("\0\u0001 what a lovely day\r\n"u8);
                    return Met.Refused;
                case SinkMisfortuneKind.Endless:
                    for (var i = 0; i < 256; i++)
                    {
                        _output.GetSpan(4096)[..4096].Fill((byte)'5');
                        _output.Advance(4096);
                        await FlushAsync();
                    }
                    return Met.Closed;
            }
        }
        _output.Write(usual ?? Take());
        if (!after)
        {
            return Met.Normal;
        }
        await FlushAsync();
        server.Counters.HungUp();
        return Met.Closed;
    }

    /// <summary>Those of the addresses always, those of the options in their share; delays before all else.</summary>
    private IEnumerable<SinkMisfortune> Striking(SinkStep step) =>
        _armed.Concat(Options.Misfortunes.Where(_ => Options.Share >= 1 || Random.Shared.NextDouble() < Options.Share))
            .Where(misfortune => misfortune.Step == step)
            .OrderBy(misfortune => misfortune.Kind != SinkMisfortuneKind.Delay);
}
