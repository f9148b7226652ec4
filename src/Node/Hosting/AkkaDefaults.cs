using System.Globalization;
using Akka.Configuration;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Logging;

namespace MailCluster.Node.Hosting;

/// <summary>The actor system's configuration: what we compute, over what the file says, over what we set.</summary>
internal static class AkkaDefaults
{
    /// <summary>Puts it together. What is computed cannot be overridden; the reader has refused such keys.</summary>
    public static Config For(NodeOptions options, Config section)
    {
        using var stream = typeof(AkkaDefaults).Assembly.GetManifestResourceStream("akka.hocon")!;
        using var reader = new StreamReader(stream);
        var computed = ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
            akka.actor.provider = cluster
            akka.loggers = ["{{typeof(AkkaLog).AssemblyQualifiedName}}"]
            akka.stdout-logger-class = "{{typeof(AkkaStandardError).AssemblyQualifiedName}}"
            akka.remote.dot-netty.tcp {
              hostname = "{{options.Cluster.Bind.Address}}"
              port = {{options.Cluster.Bind.Port}}
              public-hostname = "{{options.Cluster.Host}}"
              public-port = {{options.Cluster.Port}}
              enable-ssl = {{(options.Cluster.Tls is null ? "off" : "on")}}
            }
            akka.cluster.min-nr-of-members = {{Founders.Of(options.Cluster).Majority}}
            akka.cluster.run-coordinated-shutdown-when-down = off
            """));
        var level = ConfigurationFactory.ParseString($"akka.loglevel = {(options.Log.Level == LogLevel.Debug ? "DEBUG" : "INFO")}");
        return computed.WithFallback(section).WithFallback(level).WithFallback(ConfigurationFactory.ParseString(reader.ReadToEnd()));
    }

    /// <summary>What Akka itself may write: warnings, unless the section sets <c>loglevel</c>. Our own actors follow <c>mailcluster.log.level</c>.</summary>
    public static LogLevel LogLevelOf(Config section) => section.GetString("akka.loglevel", "WARNING").ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.Debug,
        "INFO" => LogLevel.Information,
        "ERROR" => LogLevel.Error,
        "OFF" => LogLevel.None,
        _ => LogLevel.Warning,
    };
}
