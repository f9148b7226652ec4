namespace MailCluster.Spool.CrashWorker;

// What the worker finds at its start, and how all of it is brought to an end.
internal sealed partial class Load
{
    private async Task TellFoundAsync()
    {
        foreach (var damage in _spool.DamageAtOpen)
        {
            _journal.Violation($"found damaged: {damage}");
        }
        _spool.Damaged += damage => _journal.Violation($"damaged: {damage}");
        _spool.Start(Take);
        // What a report does to others is durable after this, and they are told of.
        await _spool.FlushAsync();
        var found = new List<(Arrival Arrival, QueueId Id)>();
        while (_arrived.Reader.TryRead(out var arrived))
        {
            found.Add(arrived);
        }
        await Parallel.ForEachAsync(found, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (arrived, _) => await TellFoundAsync(arrived.Arrival, arrived.Id));
        _journal.FoundAll();
        foreach (var mail in _mails.Values)
        {
            foreach (var entry in mail.Entries.Values.ToList())
            {
                if (entry.Outcomes == 0)
                {
                    _deferred.Add(entry);
                }
                else
                {
                    Sort(entry);
                }
            }
        }
    }

    private async Task TellFoundAsync(Arrival arrival, QueueId id)
    {
        try
        {
            using var delivery = await _spool.OpenAsync(arrival.Entry, CancellationToken.None);
            var plan = MailPlan.Of(MailPlan.NumberOf(delivery.Envelope.ReversePath));
            var destination = MailPlan.DestinationOf(arrival.Destination);
            if (arrival.Open + arrival.ReportsOwed != delivery.Recipients.Length)
            {
                _journal.Violation($"{plan.Number} destination {destination}: told of {arrival.Open} and {arrival.ReportsOwed} recipients, and there are {delivery.Recipients.Length}");
            }
            _journal.Found(plan.Number, destination, arrival, delivery.Recipients);
            var mail = _mails.GetOrAdd(id, _ => new Mail(plan) { Id = id });
            lock (mail)
            {
                if (mail.Entries.Count == 0)
                {
                    Interlocked.Add(ref _liveOctets, plan.Size);
                }
                var entry = mail.Entries[destination] = new MailEntry(mail, destination, arrival.Entry) { Outcomes = arrival.Attempts };
                var there = delivery.Recipients.Select(static recipient => recipient.Recipient).ToHashSet();
                // Of who should be there and is not, the ledger knows whether that is right.
                mail.Reported.UnionWith(entry.Waiting.Concat(entry.Owed(RecipientStatus.FailedReportOwed)).Concat(entry.Owed(RecipientStatus.RelayedReportOwed))
                    .Where(recipient => !there.Contains(recipient.Recipient)).ToList());
            }
            Check(await ReadAsync(delivery), delivery, mail, destination, arrival.Attempts);
        }
        catch (InvalidDataException damage)
        {
            _journal.Violation($"{id} cannot be read: {damage.Message}");
        }
    }

    private static async Task<byte[]> ReadAsync(SpooledDelivery delivery)
    {
        var content = new byte[delivery.Content.Length];
        for (var done = 0; done < content.Length;)
        {
            done += await delivery.Content.ReadAsync(done, content.AsMemory(done), CancellationToken.None);
        }
        return content;
    }

    /// <summary>Everything in an opened entry that follows from its mail's number and its outcomes so far.</summary>
    private void Check(byte[] content, SpooledDelivery delivery, Mail mail, int destination, int outcomes)
    {
        var plan = mail.Plan;
        var expected = plan.Content();
        if (!content.AsSpan().SequenceEqual(expected))
        {
            _journal.Violation($"{plan.Number}: the content is not what was committed ({content.Length} octets of {expected.Length})");
        }
        var (envelope, planned) = (delivery.Envelope, plan.Envelope());
        if (envelope.ReversePath != planned.ReversePath || envelope.Arrived != planned.Arrived || plan.IsReport != envelope.Report is not null
            || !envelope.Destinations.SelectMany(static d => d.Recipients).Select(static r => r.Path).SequenceEqual(planned.Destinations.SelectMany(static d => d.Recipients).Select(static r => r.Path)))
        {
            _journal.Violation($"{plan.Number}: the envelope is not what was committed");
        }
        if (delivery.Attempts != outcomes || delivery.Destination != destination)
        {
            _journal.Violation($"{plan.Number} destination {destination}: opened after {outcomes} outcomes, it says destination {delivery.Destination}, {delivery.Attempts} attempts");
        }
        var states = plan.States(destination, outcomes);
        foreach (var recipient in delivery.Recipients)
        {
            var state = states[recipient.Recipient];
            if (recipient.Status != state.Status || recipient.Detail != plan.Detail(destination, recipient.Recipient, state))
            {
                _journal.Violation($"{plan.Number} destination {destination}, recipient {recipient.Recipient}: {recipient.Status} {recipient.Detail}, not {state}, after {outcomes} outcomes");
            }
        }
        lock (mail)
        {
            for (var recipient = 0; recipient < states.Length; recipient++)
            {
                // Whether one that is owed a report is there depends on how far the report has come; one that waits must be.
                if (states[recipient].Status == RecipientStatus.Open && !mail.Reported.Contains(new(destination, recipient))
                    && !delivery.Recipients.Any(found => found.Recipient == recipient))
                {
                    _journal.Violation($"{plan.Number} destination {destination}, recipient {recipient}: open, and not there, after {outcomes} outcomes");
                }
            }
        }
    }

    /// <summary>Brings all mail to its end.</summary>
    private async Task DrainAsync()
    {
        var random = new Random(1);
        while (!_mails.IsEmpty)
        {
            var idle = true;
            while (_arrived.Reader.TryRead(out var arrived))
            {
                idle = false;
                await AttemptAsync(Known(arrived), random);
            }
            while ((_deferred.TryTake(random, atLeast: false) ?? _longLived.TryTake(random, atLeast: false)) is { } entry)
            {
                idle = false;
                await AttemptAsync(entry, random);
            }
            while (_owing.TryDequeue(out var owing))
            {
                idle = false;
                await ReportAsync(owing);
            }
            if (idle && !_mails.IsEmpty)
            {
                var stuck = _mails.Values.First();
                _journal.Violation($"{_mails.Count} mails do not end, the first of them {stuck.Plan.Number}: {string.Join("; ", stuck.Entries.Values.Select(static entry => $"{entry.Destination} after {entry.Outcomes}"))}");
                break;
            }
        }
        await _spool.FlushAsync();
        lock (_toldLock)
        {
            _journal.Flushed(_told);
        }
        if (_spool.OpenRecipients != 0)
        {
            _journal.Violation($"{_spool.OpenRecipients} recipients are open after all were brought to their end");
        }
    }
}
