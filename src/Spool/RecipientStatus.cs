namespace MailCluster.Spool;

/// <summary>Where a recipient stands, on disk too: the values never change their meaning.</summary>
public enum RecipientStatus : byte
{
    /// <summary>Waits for its (next) attempt.</summary>
    Open = 0,
    /// <summary>Delivered: a 2xx from the next hop. The end.</summary>
    Delivered = 1,
    /// <summary>Delivered to a host without DSN, and the sender wants to know (NOTIFY=SUCCESS): a report is owed.</summary>
    RelayedReportOwed = 2,
    /// <summary>Refused for good, or its lifetime is over: a report is owed.</summary>
    FailedReportOwed = 3,
    /// <summary>The report has been committed. The end.</summary>
    Reported = 4,
    /// <summary>Failed, and nobody is to be told (null reverse-path, NOTIFY without FAILURE). The end.</summary>
    FailedUnreported = 5,
    /// <summary>Removed by an operator. The end.</summary>
    Removed = 6,
}
