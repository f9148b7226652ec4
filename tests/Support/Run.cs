using System.Diagnostics;

namespace MailCluster.Tests.Support;

/// <summary>Runs a program to its end, within a bounded time.</summary>
public static class Run
{
    /// <summary>Exit code, and both outputs in one text.</summary>
    public static async Task<(int ExitCode, string Output)> ToEndAsync(string program, IEnumerable<string> arguments, TimeSpan? within = null, string? input = null)
    {
        using var process = new Process { StartInfo = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true } };
        process.Start();
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end:\n{await output}{await error}");
        }
        return (process.ExitCode, await output + await error);
    }
}
