using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using Microsoft.AspNetCore.Connections;

namespace MailCluster.Node.Hosting;

/// <summary>Runs the relay from the reading of its configuration to the exit code.</summary>
internal static class Relay
{
    /// <summary>The exit code of a node that is in no cluster any more and has to be started again to join one: EX_TEMPFAIL of sysexits.h.</summary>
    private const int MustRejoin = 75;

    /// <summary>Returns when it has stopped: 0 in order, 1 where it could not start, <see cref="MustRejoin"/>, else what ended it.</summary>
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
            var certificates = options.Cluster.Tls is { } tls ? PeerCertificates.Load(tls, DateTimeOffset.UtcNow) : null;
            using var directory = DataDirectory.Lock(options.DataDirectory);
            using var ports = BoundPorts.Bind(options);
            using var host = RelayHost.Build(configuration, ports, certificates);
            if (await StartAsync(host)) await host.WaitForShutdownAsync();
            return host.Services.GetRequiredService<NodeLifecycle>().LostReason is null ? Environment.ExitCode : MustRejoin;
        }
        catch (RejoinException e)
        {
            await Console.Error.WriteLineAsync($"mailcluster: {e.Message}; ends, to be started again");
            return MustRejoin;
        }
        catch (StartFailedException e)
        {
            await Console.Error.WriteLineAsync($"mailcluster: not started: {e.Message}");
            return 1;
        }
    }

    /// <summary>False where a signal came, or the cluster was lost, before the start was through.</summary>
    private static async Task<bool> StartAsync(IHost host)
    {
        try
        {
            await host.StartAsync();
            return true;
        }
        catch (Exception e)
        {
            // What has been opened is closed in order, without the wait for load balancers that have never seen this node ready.
            host.Services.GetRequiredService<NodeLifecycle>().Hasten();
            await host.StopAsync();
            if (e is OperationCanceledException && host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested) return false;
            if (e is RejoinException) throw;
            throw Reason(e) is { } reason ? new StartFailedException(reason, e) : new StartFailedException(e.ToString(), e);
        }
    }

    /// <summary>The words for a failure that an operator can mend; null for a bug, which shows itself whole. A port may be taken between our look at it and its server's.</summary>
    private static string? Reason(Exception e) => e switch
    {
        StartFailedException or IOException { InnerException: AddressInUseException } => e.Message,
        AggregateException { InnerExceptions: [var inner, ..] } => Reason(inner),
        _ => e.InnerException is { } inner ? Reason(inner) : null,
    };
}
