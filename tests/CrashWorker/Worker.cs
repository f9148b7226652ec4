using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MailCluster.Spool.CrashWorker;

/// <summary>A worker's process, with its journal. Disposed, it is gone.</summary>
internal sealed partial class Worker : IDisposable
{
    private const int Stop = 19;

    private readonly Process _process;
    private readonly StreamReader _journal;
    private readonly Task<string> _errors;

    public Worker(LoadOptions options)
        : this(["load", .. options.ToArguments()])
    {
    }

    public Worker(IEnumerable<string> arguments)
    {
        _process = new Process
        {
            StartInfo = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "MailCluster.CrashWorker.dll"), .. arguments])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            },
        };
        _process.Start();
        _journal = new StreamReader(_process.StandardOutput.BaseStream, bufferSize: 64 << 10);
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Reads the journal until it has found all and written <paramref name="lines"/> more, or has ended.</summary>
    /// <returns>False where it has ended.</returns>
    public Task<bool> ReadAsync(Ledger ledger, int lines, TimeSpan within) => ReadAsync(ledger.Take, lines, within);

    /// <inheritdoc cref="ReadAsync(Ledger, int, TimeSpan)"/>
    public async Task<bool> ReadAsync(Func<string, bool> take, int lines, TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        var rest = int.MaxValue;
        while (rest > 0)
        {
            if (await _journal.ReadLineAsync(limit.Token) is not { } line)
            {
                return false;
            }
            rest = take(line) ? lines : rest - 1;
        }
        return true;
    }

    /// <summary>Reads what is left of it: all that it said before it was killed or frozen.</summary>
    public Task ReadRestAsync(Ledger ledger) => ReadRestAsync(ledger.Take);

    /// <inheritdoc cref="ReadRestAsync(Ledger)"/>
    public async Task ReadRestAsync(Func<string, bool> take)
    {
        // The last line may be half a line.
        var rest = await _journal.ReadToEndAsync();
        foreach (var line in rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            take(line);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Waits for its end in order.</summary>
    public async Task<(int ExitCode, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync();
        return (_process.ExitCode, await _errors);
    }

    /// <summary>SIGSTOP; returns when each of its threads stands still, those inside a system call having come out of it.</summary>
    public void Freeze()
    {
        if (Kill(_process.Id, Stop) != 0)
        {
            throw new IOException($"kill: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        var clock = Stopwatch.StartNew();
        while (!Directory.EnumerateDirectories($"/proc/{_process.Id}/task").All(IsStopped))
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new TimeoutException("The worker does not stand still.");
            }
            Thread.Yield();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
        _journal.Dispose();
        _process.Dispose();
    }

    private static bool IsStopped(string task)
    {
        try
        {
            // pid (name) state …; the name may hold anything.
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 't' or 'Z' or 'X';
        }
        catch (IOException)
        {
            return true;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
