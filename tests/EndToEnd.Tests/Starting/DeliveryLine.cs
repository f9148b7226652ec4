using Microsoft.Extensions.Logging;

namespace MailCluster.EndToEnd.Tests.Starting;

/// <summary>A line as long as that of a delivery.</summary>
internal static partial class DeliveryLine
{
    [LoggerMessage(1, LogLevel.Information, "{QueueId} to={Recipient} relay={Relay} delay={Delay} dsn={Dsn} status={Status} reply={Reply}")]
    public static partial void LogLine(this ILogger logger, string queueId, string recipient, string relay, double delay, string dsn, string status, string reply);
}
