using MailCluster.Node.Configuration;

namespace MailCluster.Node.Hosting;

/// <summary>Runs the relay from the reading of its configuration to the exit code.</summary>
internal static class Relay
{
    /// <summary>Returns when it has stopped: 0 in order, 1 where it could not start, else what ended it.</summary>
    public static async Task<int> RunAsync(string? file)
    {
        var configuration = ConfigurationFile.Read(file);
        if (configuration.Options is not { } options)
        {
            Commands.Explain(configuration, Console.Error);
            return 1;
        }

        try
        {
            using var directory = DataDirectory.Lock(options.DataDirectory);
            using var ports = BoundPorts.Bind(options);
            using var host = RelayHost.Build(configuration, ports);
            await host.StartAsync();
            await host.WaitForShutdownAsync();
            return Environment.ExitCode;
        }
        catch (Exception e) when (Reason(e) is { } reason)
        {
            await Console.Error.WriteLineAsync($"mailcluster: not started: {reason}");
            return 1;
        }
    }

    /// <summary>The words for a failure that an operator can mend; null for a bug, which shows itself whole.</summary>
    private static string? Reason(Exception e) => e switch
    {
        StartFailedException => e.Message,
        AggregateException { InnerExceptions: [var inner, ..] } => Reason(inner),
        _ => e.InnerException is { } inner ? Reason(inner) : null,
    };
}
