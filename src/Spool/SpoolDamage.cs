namespace MailCluster.Spool;

/// <summary>Something on the disk that is not as it was written. An operator must know.</summary>
/// <param name="Where">File, and octet where there is one.</param>
/// <param name="Id">The message, where that can still be told; <c>default</c> where not.</param>
/// <param name="What">What is wrong, in words.</param>
public sealed record SpoolDamage(string Where, QueueId Id, string What);
