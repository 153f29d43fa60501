using Prometheus;

namespace Metrics.Telemetry;

/// <summary>
/// The daemon's own metrics, all <c>metricsd_*</c>. The only place that knows the client library; others say what happened through these
/// members. Everything exists at zero from the start, so that a rule can tell "never" from "not known".
/// </summary>
internal sealed class SelfMetrics
{
    private readonly CollectorRegistry _registry = global::Prometheus.Metrics.NewCustomRegistry();
    private readonly List<Action> _beforeCollect = [];

    public SelfMetrics()
    {
        IMetricFactory factory = global::Prometheus.Metrics.WithCustomRegistry(_registry);
        BuildInfo = NewGauge(factory, "metricsd_build_info", "A constant 1, labelled by version and runtime.", "version", "runtime");
        BuildInfo.WithLabels(VersionText.Product, Environment.Version.ToString()).Set(1);

        SamplesReceived = NewCounter(factory, "metricsd_intake_samples_received_total", "Samples that entered the pipeline.");
        SamplesAppended = NewCounter(factory, "metricsd_head_samples_appended_total", "Samples appended to the head.");
        SamplesNotAppended = WithValues(
            NewCounter(factory, "metricsd_head_samples_not_appended_total", "Samples that the head did not take, by reason; those out of order or too old still go to the store.", "reason"),
            "duplicate", "out_of_order", "too_old", "too_new", "series_limit");
        IntakeQueue = WithValues(
            NewGauge(factory, "metricsd_intake_queue_batches", "Batches that wait in the intake queue, by lane.", "lane"), "samples", "events");
        IntakeQueueCapacity = NewGauge(factory, "metricsd_intake_queue_capacity_batches", "Bound of the intake queue; at the bound producers wait.");
        EventsReceived = NewCounter(factory, "metricsd_intake_events_received_total", "Events that entered the pipeline.");
        EventsCut = WithValues(
            NewCounter(factory, "metricsd_intake_events_cut_total",
                "Parts of events that were beyond their bounds, by part: body and value are cut, field is left out, time is replaced by that of the arrival.", "part"),
            "body", "value", "field", "time");
        HeadSeries = NewGauge(factory, "metricsd_head_series", "Series in the head.");
        SourceSeries = NewGauge(factory, "metricsd_source_series_refused", "Samples of new series that a source's limit has refused.", "source");
        HeadSeriesDropped = NewCounter(factory, "metricsd_head_series_dropped_total", "Series that left the head's window.");

        Polls = NewCounter(factory, "metricsd_polls_total", "Polls by job and outcome.", "job", "outcome");
        PollSeconds = factory.CreateHistogram("metricsd_poll_duration_seconds", "How long polls take, by job.",
            new HistogramConfiguration { Buckets = [.001, .01, .1, 1, 10], LabelNames = ["job"] });
        PollsSkipped = WithValues(
            NewCounter(factory, "metricsd_polls_skipped_total", "Polls that did not run, by reason.", "reason"), "backoff", "overlap", "late");
        TargetsByState = WithValues(NewGauge(factory, "metricsd_targets", "Targets by state.", "state"), "up", "down", "unknown");

        SampleWriter = new WriterMetrics(factory, "metricsd_store", "samples", "the store", "queue_full", "rejected", "not_finite", "spool_full", "expired");
        EventWriter = new WriterMetrics(factory, "metricsd_event_log", "events", "the event log", "queue_full");
        EventLogBytes = NewGauge(factory, "metricsd_event_log_bytes", "Bytes that the event log takes on disk.");
        EventTablesExpired = NewCounter(factory, "metricsd_event_log_tables_expired_total", "Tables of events, one a day or more, that went for age or size.");
        EventCopiesLost = new LostRows(WithValues(
            NewCounter(factory, "metricsd_event_copies_dropped_total", "Copies of events that InfluxDB did not get, by reason.", "reason"),
            "spool_full", "expired", "rejected", "spool_unwritable"));
        EventStreamClients = NewGauge(factory, "metricsd_event_stream_clients", "Clients that follow events.");
        EventStreamDropped = NewCounter(factory, "metricsd_event_stream_dropped_total", "How often a client that follows events was too slow and missed some.");
        EventLogSetAside = NewCounter(factory, "metricsd_event_log_set_aside_total", "Event logs that could not be read and were set aside.");
        InfluxRequests = NewCounter(factory, "metricsd_influx_requests_total", "Write requests to InfluxDB by status code (or 'error', 'timeout').", "status");
        InfluxRenamed = NewCounter(factory, "metricsd_influx_texts_changed_total", "Names and tag values that had to be changed to fit line protocol.");
        SpoolBytes = WithValues(
            NewGauge(factory, "metricsd_spool_bytes", "Bytes that wait on disk for InfluxDB.", "flow"), "samples");
        SpoolRecords = WithValues(
            NewGauge(factory, "metricsd_spool_records", "Requests that wait on disk for InfluxDB.", "flow"), "samples");
        SpoolOldest = WithValues(
            NewGauge(factory, "metricsd_spool_oldest_age_seconds", "Age of the oldest request on disk; 0 when there is none.", "flow"), "samples");

        CloudRequests = NewCounter(factory, "metricsd_cloud_requests_total", "Requests to OpenStack services, by route and status ('timeout', 'error').", "cloud", "service", "route", "status");
        CloudRequestSeconds = factory.CreateHistogram("metricsd_cloud_request_duration_seconds", "How long requests to OpenStack services take.",
            new HistogramConfiguration { Buckets = [.01, .05, .1, .5, 1, 5, 20], LabelNames = ["cloud", "service"] });
        PushRequests = NewCounter(factory, "metricsd_push_requests_total", "Write requests received, by endpoint and status code.", "endpoint", "status");
        PushSamples = NewCounter(factory, "metricsd_push_samples_total", "Samples received by push.");
        PushEvents = NewCounter(factory, "metricsd_push_events_total", "Events received by push.");
        PushRefusedLines = NewCounter(factory, "metricsd_push_lines_refused_total", "Lines of pushed bodies that could not be read.");
        SenderRefused = WithValues(
            NewCounter(factory, "metricsd_sender_refused_total", "What bound tokens may not send, and was refused.", "kind"),
            "samples", "alerts", "events");
        PushTextFields = NewCounter(factory, "metricsd_push_text_fields_total", "Pushed string fields, which have no number and are not kept.");

        InputUp = NewGauge(factory, "metricsd_input_up", "Whether the input takes in.", "input");
        InputEvents = NewCounter(factory, "metricsd_input_events_total", "Events and samples that an input has handed on.", "input");
        InputBytes = NewCounter(factory, "metricsd_input_bytes_total", "Bytes that an input has received.", "input");
        InputDropped = NewCounter(
            factory, "metricsd_input_dropped_total", "What an input has turned away or lost, by reason.", "input", "reason");
        InputErrors = NewCounter(
            factory, "metricsd_input_errors_total", "What was wrong with what an input took in, or with its connections, by reason.", "input", "reason");
        InputLastEvent = NewGauge(factory, "metricsd_input_last_event_timestamp_seconds", "When an input last handed something on; 0 is never.", "input");
        InputKernelDrops = NewCounter(
            factory, "metricsd_input_kernel_drops_total", "Datagrams that the kernel dropped because its buffer was full.", "input");

        RuleEvaluations = NewCounter(factory, "metricsd_rule_evaluations_total", "Rule evaluations, by group and what caused them.", "group", "trigger");
        RuleFailures = NewCounter(factory, "metricsd_rule_evaluation_failures_total", "Evaluations after which a rule was in error.", "group");
        RuleErrors = NewGauge(factory, "metricsd_rules_in_error", "Rules whose last evaluation was not complete.");
        RuleSeconds = factory.CreateHistogram("metricsd_rule_group_duration_seconds", "How long a round of a group takes.",
            new HistogramConfiguration { Buckets = [.0001, .001, .01, .1, 1, 10] });
        RuleRoundsMissed = NewCounter(factory, "metricsd_rule_group_iterations_missed_total",
            "Rounds of a group at its interval that did not take place: the daemon was not running, was stopped for a while, or had too much to do.", "group");
        RuleRoundsCaughtUp = NewCounter(factory, "metricsd_rule_group_iterations_caught_up_total",
            "Missed rounds that were made up for, for recording rules and alerts that wait.", "group");
        RuleGroupsIntervalOnly = NewGauge(factory, "metricsd_rule_groups_interval_only",
            "Groups that are not evaluated when data arrives, since that would cost too much; their interval holds.");
        AlertQueue = NewGauge(factory, "metricsd_alert_queue_rounds", "Rounds of rules whose changes wait to be written.");
        Alerts = WithValues(NewGauge(factory, "metricsd_alerts", "Alerts by state.", "state"), "pending", "firing", "no data");

        ExternalAlerts = NewGauge(factory, "metricsd_alerts_from_others", "Open alerts that others have judged and sent.");
        AlertsReceived = WithValues(NewCounter(factory, "metricsd_alerts_received_total", "Alerts that were sent to /api/v2/alerts, by what they say.", "status"), "firing", "resolved");
        AlertsInvalid = NewCounter(factory, "metricsd_alerts_invalid_total", "Alerts that were sent and refused.");

        Deliveries = NewCounter(factory, "metricsd_notifications_total", "Notifications by integration and outcome: sent, retry, rejected.", "integration", "outcome");
        DeliverySeconds = factory.CreateHistogram("metricsd_notification_duration_seconds", "How long one delivery takes.",
            new HistogramConfiguration { Buckets = [.01, .1, 1, 10], LabelNames = ["integration"] });
        Failing = NewGauge(factory, "metricsd_notification_failing_seconds", "For how long the oldest message of an integration could not be delivered; 0 while all is well.", "receiver", "integration");
        Heartbeats = NewCounter(factory, "metricsd_heartbeats_total", "Heartbeats to the receiver of the dead man's switch, by outcome.", "outcome");
        TrailDropped = NewCounter(factory, "metricsd_alert_trail_rows_dropped_total", "Lines of alerts' trails that were given up because too many waited to be written.");
        StateFailures = NewCounter(factory, "metricsd_state_failures_total", "Tries to read or write the state that failed, as when the disk is full or the database away; each is repeated until it succeeds.");
        AlertGroups = NewGauge(factory, "metricsd_alert_groups", "Groups of alerts of which people are told together.");
        Outbox = NewGauge(factory, "metricsd_notification_queue", "Notifications written and not yet delivered.");
        AlertLatency = factory.CreateHistogram("metricsd_alert_latency_seconds", "From the arrival of the sample to the alert's record in the outbox.",
            new HistogramConfiguration { Buckets = [.005, .01, .025, .05, .1, .25, .5, 1, 5] });

        ReloadSuccess = NewGauge(factory, "metricsd_config_last_reload_successful", "Whether the last load of the configuration succeeded.");
        ReloadTime = NewGauge(factory, "metricsd_config_last_reload_success_timestamp_seconds", "When the configuration was last loaded.");
        HttpRefused = WithValues(
            NewCounter(factory, "metricsd_http_refused_total", "Requests refused before they reach a route, by what is wrong.", "reason"),
            "token", "role", "address", "host", "origin");
        HttpRequests = NewCounter(factory, "metricsd_http_requests_total", "Requests answered, by route and status code.", "route", "status");
        ProcessCpu = NewCounter(factory, "metricsd_process_cpu_seconds_total", "Processor time that the daemon has used.");
        ProcessMemory = NewGauge(factory, "metricsd_process_resident_memory_bytes", "Resident memory.");
        HeapBytes = NewGauge(factory, "metricsd_dotnet_heap_bytes", "Bytes on the managed heap, garbage included.");
        HeapCommittedBytes = NewGauge(factory, "metricsd_dotnet_heap_committed_bytes", "Bytes that the managed heap has taken from the system.");
        Collections = NewCounter(factory, "metricsd_dotnet_collections_total", "Garbage collections, by the oldest generation that they looked through.", "generation");
        CollectionPause = NewCounter(factory, "metricsd_dotnet_collection_pause_seconds_total", "For how long garbage collections have held everything up.");
        StartTime = NewGauge(factory, "metricsd_process_start_time_seconds", "When the daemon started.");
        _registry.AddBeforeCollectCallback(() =>
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            ProcessCpu.IncTo(process.TotalProcessorTime.TotalSeconds);
            ProcessMemory.Set(process.WorkingSet64);
            HeapBytes.Set(GC.GetTotalMemory(false));
            CollectionPause.IncTo(GC.GetTotalPauseDuration().TotalSeconds);
            for (int generation = 0; generation <= GC.MaxGeneration; generation++)
                Collections.WithLabels(generation.ToString(System.Globalization.CultureInfo.InvariantCulture)).IncTo(GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0));
            HeapCommittedBytes.Set(GC.GetGCMemoryInfo().TotalCommittedBytes);
            lock (_beforeCollect)
                _beforeCollect.ForEach(update => update());
        });
    }

    public Gauge BuildInfo { get; }
    public Counter SamplesReceived { get; }
    public Counter SamplesAppended { get; }
    public Counter SamplesNotAppended { get; }
    public Gauge IntakeQueue { get; }
    public Gauge IntakeQueueCapacity { get; }
    public Counter EventsReceived { get; }
    public Counter EventsCut { get; }
    public Gauge HeadSeries { get; }
    public Gauge SourceSeries { get; }
    public Counter HeadSeriesDropped { get; }
    public Counter Polls { get; }
    public Histogram PollSeconds { get; }
    public Counter PollsSkipped { get; }
    public Gauge TargetsByState { get; }
    public WriterMetrics SampleWriter { get; }
    public Counter StoreDropped => SampleWriter.Dropped;
    public WriterMetrics EventWriter { get; }
    public Gauge EventLogBytes { get; }
    public Counter EventTablesExpired { get; }
    public Counter EventLogSetAside { get; }
    public LostRows EventCopiesLost { get; }
    public Gauge EventStreamClients { get; }
    public Counter EventStreamDropped { get; }
    public Counter InfluxRequests { get; }
    public Counter InfluxRenamed { get; }
    public Gauge SpoolBytes { get; }
    public Gauge SpoolRecords { get; }
    public Gauge SpoolOldest { get; }
    public Counter CloudRequests { get; }
    public Histogram CloudRequestSeconds { get; }
    public Counter PushRequests { get; }
    public Counter PushSamples { get; }
    public Counter PushEvents { get; }
    public Counter PushRefusedLines { get; }
    public Counter SenderRefused { get; }
    public Counter PushTextFields { get; }
    public Gauge InputUp { get; }
    public Counter InputEvents { get; }
    public Counter InputBytes { get; }
    public Counter InputDropped { get; }
    public Counter InputErrors { get; }
    public Gauge InputLastEvent { get; }
    public Counter InputKernelDrops { get; }
    public Counter RuleEvaluations { get; }
    public Counter RuleFailures { get; }
    public Gauge RuleErrors { get; }
    public Histogram RuleSeconds { get; }
    public Counter RuleRoundsMissed { get; }
    public Counter RuleRoundsCaughtUp { get; }
    public Gauge RuleGroupsIntervalOnly { get; }
    public Gauge AlertQueue { get; }
    public Gauge Alerts { get; }
    public Gauge ExternalAlerts { get; }
    public Counter AlertsReceived { get; }
    public Counter AlertsInvalid { get; }
    public Counter Deliveries { get; }
    public Histogram DeliverySeconds { get; }
    public Gauge Outbox { get; }
    public Gauge Failing { get; }
    public Counter TrailDropped { get; }
    public Counter Heartbeats { get; }
    public Counter StateFailures { get; }
    public Gauge AlertGroups { get; }
    public Histogram AlertLatency { get; }
    public Gauge ReloadSuccess { get; }
    public Gauge ReloadTime { get; }
    public Counter HttpRefused { get; }
    public Counter HttpRequests { get; }
    public Counter ProcessCpu { get; }
    public Gauge ProcessMemory { get; }
    public Gauge HeapBytes { get; }
    public Gauge HeapCommittedBytes { get; }
    public Counter Collections { get; }
    public Counter CollectionPause { get; }
    public Gauge StartTime { get; }

    /// <summary>Runs before each exposition, for gauges that are cheaper to read than to keep.</summary>
    public void BeforeCollect(Action update)
    {
        lock (_beforeCollect)
            _beforeCollect.Add(update);
    }

    /// <summary>Writes all metrics in the Prometheus text format.</summary>
    public Task WriteAsync(Stream to, CancellationToken ct) => _registry.CollectAndExportAsTextAsync(to, ct);

    private static Counter NewCounter(IMetricFactory factory, string name, string help, params string[] labels) => factory.CreateCounter(name, help, labels);

    private static Gauge NewGauge(IMetricFactory factory, string name, string help, params string[] labels) => factory.CreateGauge(name, help, labels);

    private static Counter WithValues(Counter counter, params string[] values)
    {
        foreach (string value in values)
            counter.WithLabels(value);
        return counter;
    }

    private static Gauge WithValues(Gauge gauge, params string[] values)
    {
        foreach (string value in values)
            gauge.WithLabels(value);
        return gauge;
    }
}
