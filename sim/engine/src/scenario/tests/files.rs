//! Files beside a scenario: hosts, traces, records.

use super::*;

#[test]
fn the_mainnet_preset_puts_epoch_56_on_the_recorded_heights() {
    let scenario = load(
        &folder().join("networks/gonka-mainnet-epoch56.yaml"),
        &[],
        &registry(),
    )
    .unwrap();
    let start =
        stakeout_protocol::geometry::compute_poc_start(&scenario.protocol.geometry, scenario.first_epoch)
            .unwrap();
    let stages = stakeout_protocol::geometry::compute_stages(&scenario.protocol.geometry, start);
    let record = scenario.record.as_ref().unwrap();
    assert_eq!(
        record.heights[0],
        ("poc_start".to_owned(), stages.poc_start.get())
    );
    assert_eq!(stages.poc_start.get(), 873_251);
    assert_eq!(stages.activation.get(), 873_438);
    assert_eq!(scenario.hosts.len(), 26);
    assert_eq!(
        scenario.hosts.iter().map(|host| host.weight).sum::<u64>(),
        307_751
    );
    assert_eq!(
        record.hosts[2].reward,
        Some(Amount::from_base_units(38_627_452_617_213))
    );
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(trace.iter().filter(|request| !request.missed).count(), 6_289);
    assert_eq!(trace.iter().filter(|request| request.missed).count(), 43);
    assert_eq!(scenario.files.len(), 2);
    for request in trace.iter() {
        let host = &scenario.hosts[request.executor.unwrap() as usize];
        assert!(
            host.models.contains(&request.model),
            "{} does not serve {}",
            host.id,
            request.model
        );
    }
}

#[test]
fn files_beside_a_scenario_are_bounded_and_their_cells_are_checked() {
    let base = std::env::temp_dir().join(format!("stakeout-files-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    std::fs::write(
        base.join("trace.csv"),
        "arrival_s,model,executor\n2,small,honest-001\n1,smal,honest-009\nx,small,\n",
    )
    .unwrap();
    let text = format!("{SMALL}\n").replace("rate: 1 /s", "law: trace, trace: trace.csv");
    let refused = from_str_in(&base, "t.yaml", &text, &[], &registry())
        .unwrap_err()
        .to_string();
    for expected in [
        "row 2, column arrival_s",
        "row 2, column model",
        "row 2, column executor",
        "row 3, column arrival_s",
        "trace.csv:3:3",
    ] {
        assert!(refused.contains(expected), "{expected}: {refused}");
    }
    std::fs::write(
        base.join("trace.csv"),
        "arrival_s,model,executor,outcome\n1.5,small,honest-002,missed\n2,small,,served\n",
    )
    .unwrap();
    let scenario = from_str_in(&base, "t.yaml", &text, &[], &registry()).unwrap();
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(
        (trace[0].arrival_ns, trace[0].executor, trace[0].missed),
        (1_500_000_000, Some(1), true)
    );
    std::fs::write(base.join("trace.csv"), "arrival_s,model\n1,small\n").unwrap();
    let changed = from_str_in(&base, "t.yaml", &scenario.canonical, &[], &registry())
        .unwrap_err()
        .to_string();
    assert!(changed.contains("when the scenario was resolved"), "{changed}");
    for path in ["../x.csv", "/etc/passwd", "missing.csv"] {
        let text = text.replace("trace: trace.csv", &format!("trace: {path}"));
        from_str_in(&base, "t.yaml", &text, &[], &registry()).expect_err(path);
    }
    let long = base.join("long.yaml");
    std::fs::write(&long, vec![b'#'; (MAX_FILE_BYTES + 1) as usize]).unwrap();
    let refused = load(&long, &[], &registry()).unwrap_err();
    assert!(
        refused.is_io && refused.to_string().contains("at most 1048576"),
        "{refused}"
    );
    std::fs::write(&long, b"name: \xff\n").unwrap();
    assert!(
        load(&long, &[], &registry())
            .unwrap_err()
            .to_string()
            .contains("not UTF-8")
    );
    assert!(load(&base, &[], &registry()).unwrap_err().is_io);
    assert!(load(&base.join("none.yaml"), &[], &registry()).unwrap_err().is_io);
    std::fs::remove_dir_all(&base).unwrap();
}

#[test]
fn parquet_traces_read_like_csv() {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;
    let base = std::env::temp_dir().join(format!("stakeout-parquet-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    let schema =
        parse_message_type("message trace { REQUIRED DOUBLE arrival_s; REQUIRED BYTE_ARRAY model (UTF8); }")
            .unwrap();
    let file = std::fs::File::create(base.join("trace.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[0.25, 1.5], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names: Vec<ByteArray> = vec!["small".into(), "small".into()];
    column
        .typed::<ByteArrayType>()
        .write_batch(&names, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let text = SMALL.replace("rate: 1 /s", "law: trace, trace: trace.parquet");
    let scenario = from_str_in(&base, "t.yaml", &text, &[], &registry()).unwrap();
    let Arrivals::Trace(trace) = &scenario.demand.arrivals else {
        panic!("no trace")
    };
    assert_eq!(
        trace.iter().map(|request| request.arrival_ns).collect::<Vec<_>>(),
        [250_000_000, 1_500_000_000]
    );
    std::fs::write(base.join("trace.parquet"), "not parquet").unwrap();
    assert!(
        from_str_in(&base, "t.yaml", &text, &[], &registry())
            .unwrap_err()
            .to_string()
            .contains("not a readable Parquet")
    );
    std::fs::remove_dir_all(&base).unwrap();
}
