"""python3 -m unittest, in this folder: the simulation against the formulas, and what must be exact."""

import unittest

from model.designs import DESIGNS
from model.formulas import FORMULAS, other
from model.lines import Memory
from model.predict import Measurements, Model, nanoseconds
from model.workloads import WORKLOADS

BY_CASE = {workload.case: workload for workload in WORKLOADS}
BY_SYSTEM = {design.system: design for design in DESIGNS}
STEPS = 6000


def simulated(case, system, cpus):
    return BY_CASE[case].simulate(BY_SYSTEM[system], cpus, STEPS)


class LinesTest(unittest.TestCase):
    def test_a_line_travels_when_another_cpu_changed_it(self):
        memory = Memory(3)
        line = memory.line()
        memory.write(0, line)  # from memory
        memory.write(0, line)
        self.assertEqual(memory.pool_transfers(), 0)
        memory.read(1, line)
        memory.read(1, line)
        memory.read(0, line)
        self.assertEqual(memory.by_cpu, [0, 1, 0])
        memory.write(1, line)  # its copy is good, but not its own
        memory.read(2, line)
        self.assertEqual(memory.by_cpu, [0, 2, 1])

    def test_reading_what_nobody_wrote_costs_nothing(self):
        memory = Memory(2)
        line = memory.line()
        memory.read(0, line)
        memory.read(1, line)
        self.assertEqual(memory.pool_transfers(), 0)


class DesignsTest(unittest.TestCase):
    def test_every_object_comes_back_exactly_once(self):
        for design_class in DESIGNS:
            with self.subTest(design_class.system):
                design = design_class(Memory(1), 1)
                put = [design.make() for _ in range(200)]
                for thing in put:
                    design.put(0, thing)
                got = [design.get(0) for _ in range(200)]
                self.assertEqual({id(thing) for thing in got}, {id(thing) for thing in put})

    def test_ebb_shares_nothing_when_each_cpu_gets_and_puts(self):
        for case in ("pair", "burst_100"):
            for cpus in (2, 8, 64, 512):
                with self.subTest(case, cpus=cpus):
                    counts = simulated(case, "ebb", cpus)
                    self.assertEqual((counts.pool, counts.objects, counts.made), (0, 0, 0))


class FormulasTest(unittest.TestCase):
    def check(self, case, system, all_cpus, tolerance):
        for cpus in all_cpus:
            with self.subTest(case, system=system, cpus=cpus):
                expected = FORMULAS[case][system][1](cpus)
                found = simulated(case, system, cpus).pool
                self.assertAlmostEqual(found, expected, delta=tolerance * expected)

    def test_one_place_for_all(self):
        for case in ("pair", "burst_100"):
            self.check(case, "mutex_vector", (2, 8, 64), 0.03)
            self.check(case, "boost_lockfree_stack", (8, 64), 0.05)
            self.check(case, "tbb_bounded_queue", (16, 64), 0.05)

    def test_hand_over(self):
        self.check("handover", "mutex_vector", (8, 64), 0.03)
        self.check("handover", "boost_lockfree_stack", (2, 8, 64), 0.03)
        self.check("handover", "tcmalloc", (8, 64), 0.05)
        self.check("handover", "go_sync_pool", (2, 8, 16), 0.05)
        self.check("handover", "ebb", (2, 16, 128), 0.08)

    def test_searches_for_empty_magazines(self):
        self.check("handover_halves", "ebb", (8, 32, 128), 0.1)

    def test_what_is_local_costs_nothing(self):
        for system, (text, _) in FORMULAS["pair"].items():
            if text == "0":
                self.assertEqual(simulated("pair", system, 16).pool, 0, system)

    def test_everything_behind_a_mutex_is_serialised(self):
        counts = simulated("pair", "mutex_vector", 16)
        self.assertEqual(counts.serialised, counts.pool)
        counts = simulated("pair", "boost_lockfree_stack", 16)
        self.assertAlmostEqual(counts.serialised, 4 * other(16), delta=0.1)


class PredictionTest(unittest.TestCase):
    def test_the_design_it_is_fitted_to_is_met(self):
        measurements = Measurements(None)
        measurements.add("pair", "mutex_vector", 1, 25)
        measurements.add("pair", "mutex_vector", 2, 71)
        workload = BY_CASE["pair"]
        results = {(workload, "mutex_vector", 2): simulated("pair", "mutex_vector", 2),
                   (workload, "ebb", 2): simulated("pair", "ebb", 2)}
        model = Model(results, measurements)
        self.assertAlmostEqual(model.predicted(workload, "mutex_vector", 2), 71)
        self.assertIsNone(model.predicted(workload, "ebb", 2))

    def test_many_cpus_wait_for_one_line(self):
        counts = simulated("pair", "mutex_vector", 64)
        self.assertEqual(nanoseconds(25, counts, 64, 10), 64 * counts.serialised * 10)


if __name__ == "__main__":
    unittest.main()
